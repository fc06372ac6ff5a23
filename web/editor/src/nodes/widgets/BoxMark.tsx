/**
 * A box on a picture: its outline, and grips that pull at it. With the focus the arrow keys move it, with Ctrl further,
 * and with Shift they pull its lower right corner.
 */
import type { KeyboardEvent } from "react";
import { type Extent, type Grip, within } from "../../lib/boxes";
import type { Point, Rect } from "../../lib/geometry";
import { t } from "../../lib/t";

const GRIPS: readonly Grip[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const FAR = 10;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

interface Props {
  readonly label: string;
  readonly box: Rect;
  readonly extent: Extent;
  readonly disabled: boolean;
  /** Which of several it is. */
  readonly index?: number;
  /** Without grips: another one is worked on. */
  readonly quiet?: boolean;
  readonly color?: string;
  readonly onChange: (box: Rect) => void;
  readonly onDone: () => void;
  readonly onFocus?: () => void;
  readonly onRemove?: () => void;
}

export function BoxMark(props: Props) {
  const { label, box, extent, disabled, index, quiet, color, onChange, onDone, onFocus, onRemove } = props;
  const key = (e: KeyboardEvent) => {
    const by = ARROWS[e.key];
    if (disabled) return;
    if (by) onChange(within(stepped(box, by, e), extent));
    else if (onRemove && (e.key === "Delete" || e.key === "Backspace")) onRemove();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <g
      className="box-mark"
      data-box={index}
      role="slider"
      tabIndex={disabled ? -1 : 0}
      aria-label={t("{label} on the picture. Arrow keys move it, with Shift they change its size.", {
        label,
      })}
      aria-valuenow={box.x}
      aria-valuetext={t("{w} × {h} at {x}, {y}", { ...box })}
      style={color ? { stroke: color } : undefined}
      onKeyDown={key}
      onFocus={onFocus}
      onBlur={onDone}
    >
      <path className="box-halo" d={outlineOf(box)} />
      <path className="box-outline" data-grip="move" d={outlineOf(box)} />
      {!quiet &&
        GRIPS.map((grip) => (
          <g key={grip} data-grip={grip} className="box-grip">
            <path className="box-hit" d={dot(gripAt(box, grip))} />
            <path className="box-dot" d={dot(gripAt(box, grip))} />
          </g>
        ))}
    </g>
  );
}

export function outlineOf({ x, y, w, h }: Rect): string {
  return `M${x} ${y}H${x + w}V${y + h}H${x}Z`;
}

function stepped(box: Rect, by: Point, e: KeyboardEvent): Rect {
  const [dx, dy] = e.ctrlKey || e.metaKey ? [by.x * FAR, by.y * FAR] : [by.x, by.y];
  return e.shiftKey ? { ...box, w: box.w + dx, h: box.h + dy } : { ...box, x: box.x + dx, y: box.y + dy };
}

function gripAt({ x, y, w, h }: Rect, grip: Grip): Point {
  const along = (low: string, high: string) => (grip.includes(low) ? 0 : grip.includes(high) ? 1 : 0.5);
  return { x: x + w * along("w", "e"), y: y + h * along("n", "s") };
}

/** Without a length: its stroke makes it as large on the page at any scale. */
function dot({ x, y }: Point): string {
  return `M${x} ${y}h0`;
}
