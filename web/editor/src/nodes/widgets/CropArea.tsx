/**
 * A part of a picture, marked on it. Drag the part or its grips, or draw another one beside it, or anywhere while it is
 * all of the picture; Shift keeps the ratio at a corner.
 */
import { type PointerEvent, useRef } from "react";
import { boxBetween, type Drag, dragOf, type Extent } from "../../lib/boxes";
import type { Rect } from "../../lib/geometry";
import { BoxMark, gripOf, outlineOf, placeOn } from "./BoxMark";

interface Props {
  readonly label: string;
  readonly url: string;
  readonly extent: Extent;
  readonly box: Rect;
  readonly disabled: boolean;
  readonly onChange: (box: Rect) => void;
  readonly onDone: () => void;
}

export function CropArea({ label, url, extent, box, disabled, onChange, onDone }: Props) {
  const area = useRef<SVGSVGElement>(null);
  const drag = useRef<Drag | null>(null);
  const { w, h } = extent;

  const press = (e: PointerEvent<SVGSVGElement>) => {
    if (e.button !== 0 || disabled) return;
    e.currentTarget.setPointerCapture(e.pointerId);
    const [start, grip] = [placeOn(area.current, e), gripOf(e)];
    const isAll = box.w === w && box.h === h;
    const draws = grip === undefined || (grip === "move" && isAll);
    drag.current = draws ? (at) => boxBetween(start, at, extent) : dragOf(grip, start, box, extent);
  };
  const move = (e: PointerEvent) =>
    drag.current && onChange(drag.current(placeOn(area.current, e), e.shiftKey));
  const release = () => {
    drag.current = null;
    onDone();
  };
  return (
    <svg
      ref={area}
      className="box-area"
      viewBox={`0 0 ${w} ${h}`}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <title>{label}</title>
      <image href={url} width={w} height={h} preserveAspectRatio="none" />
      <path className="box-shade" d={`M0 0H${w}V${h}H0Z${outlineOf(box)}`} />
      <BoxMark
        label={label}
        box={box}
        extent={extent}
        disabled={disabled}
        onChange={onChange}
        onDone={onDone}
      />
    </svg>
  );
}
