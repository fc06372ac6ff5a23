/** The brush and what one pull of it leaves. */
import { clamp, type Point, type Rect } from "../../lib/geometry";
import type { Ink } from "./inks";
import { cut, type Patch, pixelsIn, type Sheet } from "./sheet";

export interface Brush {
  /** In pixels of the picture. */
  readonly radius: number;
  /** 0..1: the part of the radius that covers wholly. */
  readonly hardness: number;
  /** 0..1 */
  readonly opacity: number;
  readonly ink: Ink;
}

/** How much of a pixel the brush covers at a distance from its middle; one pixel of its edge is always soft. */
export function coverage(distance: number, { radius, hardness }: Brush): number {
  const soft = Math.max(1, radius * (1 - hardness));
  const t = clamp((radius + 0.5 - distance) / soft, 0, 1);
  return t * t * (3 - 2 * t);
}

/**
 * One pull of the brush. A place that it passes twice is not painted twice: what counts is where it covered most, on the
 * sheet as it was when the stroke began.
 */
export class Stroke {
  private readonly before: Uint8ClampedArray<ArrayBuffer>;
  /** In 255ths. */
  private readonly covered: Uint8ClampedArray;
  private touched: Rect | null = null;
  private last: Point | null = null;

  constructor(
    private readonly sheet: Sheet,
    private readonly brush: Brush,
  ) {
    this.before = sheet.data.slice();
    this.covered = new Uint8ClampedArray(sheet.w * sheet.h);
  }

  /** Goes on to a place, in a straight line; `pressure` (0..1) narrows the brush. Answers what has changed. */
  to(point: Point, pressure = 1): Rect | null {
    const brush = { ...this.brush, radius: this.brush.radius * pressure };
    const from = this.last ?? point;
    this.last = point;
    const reach = brush.radius + 1;
    const rect = pixelsIn(
      this.sheet,
      Math.min(from.x, point.x) - reach,
      Math.min(from.y, point.y) - reach,
      Math.max(from.x, point.x) + reach,
      Math.max(from.y, point.y) + reach,
    );
    if (!rect) return null;
    this.paint(rect, brush, distanceTo(from, point));
    this.touched = this.touched ? around(this.touched, rect) : rect;
    return rect;
  }

  end(): Patch | null {
    const rect = this.touched;
    return (
      rect && {
        rect,
        before: cut(this.sheet, rect, this.before),
        after: cut(this.sheet, rect),
      }
    );
  }

  private paint(rect: Rect, brush: Brush, distance: (x: number, y: number) => number): void {
    const { w, channels, data } = this.sheet;
    for (let y = rect.y; y < rect.y + rect.h; y++) {
      for (let x = rect.x; x < rect.x + rect.w; x++) {
        const at = y * w + x;
        const cover = coverage(distance(x + 0.5, y + 0.5), brush);
        if (cover * 255 <= (this.covered[at] as number)) continue;
        this.covered[at] = cover * 255;
        brush.ink(data, this.before, at * channels, cover * brush.opacity);
      }
    }
  }
}

/** The distance of a place from the line between two points. */
function distanceTo(a: Point, b: Point): (x: number, y: number) => number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  return (x, y) => {
    const t = square ? clamp(((x - a.x) * dx + (y - a.y) * dy) / square, 0, 1) : 0;
    return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
  };
}

function around(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}
