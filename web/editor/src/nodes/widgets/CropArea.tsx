/**
 * A part of a picture, marked on it. Drag the part or its grips, or draw another one beside it, or anywhere while it is
 * all of the picture; Shift keeps the ratio at a corner.
 */
import { boxBetween, type Drag, dragOf, type Extent } from "../../lib/boxes";
import type { Rect } from "../../lib/geometry";
import { BoxArea, type Hold } from "./BoxArea";
import { BoxMark, outlineOf } from "./BoxMark";

interface Props {
  readonly label: string;
  readonly url: string;
  readonly extent: Extent;
  readonly box: Rect;
  readonly disabled: boolean;
  readonly onChange: (box: Rect) => void;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

export function CropArea({ label, url, extent, box, disabled, onChange, onDone, onCancel }: Props) {
  const { w, h } = extent;
  const isAll = box.w === w && box.h === h;
  const hold = ({ at: start, grip }: Hold) => {
    const draws = grip === undefined || (grip === "move" && isAll);
    const to: Drag = draws ? (at) => boxBetween(start, at, extent) : dragOf(grip, start, box, extent);
    return (...pointer: Parameters<Drag>) => onChange(to(...pointer));
  };
  const area = { label, extent, url, disabled, onDone, onCancel };
  return (
    <BoxArea {...area} onHold={hold}>
      <path className="box-shade" d={`M0 0H${w}V${h}H0Z${outlineOf(box)}`} />
      <BoxMark
        label={label}
        box={box}
        extent={extent}
        disabled={disabled}
        onChange={onChange}
        onDone={onDone}
      />
    </BoxArea>
  );
}
