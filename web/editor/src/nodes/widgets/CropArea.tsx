/**
 * A part of a picture, marked on it. Drag the part or its grips, or draw another one beside it, or anywhere while it is
 * all of the picture; Shift keeps the ratio at a corner. With the focus the arrow keys move it, and with Shift they pull
 * its lower right corner.
 */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { boxBetween, type Extent, type Grip, pulled, within } from "../../lib/boxes";
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
  readonly url: string;
  readonly extent: Extent;
  readonly box: Rect;
  readonly disabled: boolean;
  readonly onChange: (box: Rect) => void;
  readonly onDone: () => void;
}

/** What is dragged: how the box is when the pointer is at a place. */
type Drag = (at: Point, keepsRatio: boolean) => Rect;

export function CropArea({ label, url, extent, box, disabled, onChange, onDone }: Props) {
  const area = useRef<SVGSVGElement>(null);
  const drag = useRef<Drag | null>(null);
  const { w, h } = extent;

  const place = (e: PointerEvent): Point => {
    const inverse = area.current?.getScreenCTM()?.inverse();
    return new DOMPoint(e.clientX, e.clientY).matrixTransform(inverse);
  };
  const press = (e: PointerEvent<SVGSVGElement>) => {
    if (e.button !== 0 || disabled) return;
    e.currentTarget.setPointerCapture(e.pointerId);
    const target = (e.target as Element).closest<SVGElement>("[data-grip]")?.dataset.grip;
    drag.current = dragOf(target, place(e), box, extent);
  };
  const move = (e: PointerEvent) => drag.current && onChange(drag.current(place(e), e.shiftKey));
  const release = () => {
    drag.current = null;
    onDone();
  };
  const key = (e: KeyboardEvent) => {
    const by = ARROWS[e.key];
    if (!by || disabled) return;
    const [dx, dy] = e.ctrlKey || e.metaKey ? [by.x * FAR, by.y * FAR] : [by.x, by.y];
    const next = e.shiftKey ? { w: box.w + dx, h: box.h + dy } : { x: box.x + dx, y: box.y + dy };
    onChange(within({ ...box, ...next }, extent));
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <svg
      ref={area}
      className="crop"
      viewBox={`0 0 ${w} ${h}`}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <title>{label}</title>
      <image href={url} width={w} height={h} preserveAspectRatio="none" />
      <path className="crop-shade" d={`M0 0H${w}V${h}H0Z${outline(box)}`} />
      <g
        role="slider"
        tabIndex={disabled ? -1 : 0}
        aria-label={t("{label} on the picture. Arrow keys move it, with Shift they change its size.", {
          label,
        })}
        aria-valuenow={box.x}
        aria-valuetext={t("{w} × {h} at {x}, {y}", { ...box })}
        onKeyDown={key}
        onBlur={onDone}
      >
        <path className="crop-box" data-grip="move" d={outline(box)} />
        {GRIPS.map((grip) => (
          <g key={grip} data-grip={grip} className="crop-grip">
            <path className="crop-hit" d={dot(gripAt(box, grip))} />
            <path className="crop-dot" d={dot(gripAt(box, grip))} />
          </g>
        ))}
      </g>
    </svg>
  );
}

function dragOf(target: string | undefined, start: Point, box: Rect, extent: Extent): Drag {
  const isAll = box.w === extent.w && box.h === extent.h;
  if (target === undefined || (target === "move" && isAll)) return (at) => boxBetween(start, at, extent);
  if (target === "move")
    return (at) => within({ ...box, x: box.x + at.x - start.x, y: box.y + at.y - start.y }, extent);
  const ratio = box.w / box.h;
  return (at, keepsRatio) => pulled(box, target as Grip, at, extent, keepsRatio ? ratio : undefined);
}

function gripAt({ x, y, w, h }: Rect, grip: Grip): Point {
  const along = (low: string, high: string) => (grip.includes(low) ? 0 : grip.includes(high) ? 1 : 0.5);
  return { x: x + w * along("w", "e"), y: y + h * along("n", "s") };
}

function outline({ x, y, w, h }: Rect): string {
  return `M${x} ${y}H${x + w}V${y + h}H${x}Z`;
}

/** Without a length: its stroke makes it as large on the page at any scale. */
function dot({ x, y }: Point): string {
  return `M${x} ${y}h0`;
}
