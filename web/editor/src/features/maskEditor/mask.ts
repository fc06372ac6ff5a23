/** A mask as numbers, 0 (keep) to 255 (paint anew), and everything that changes it. No page is needed for any of it. */
import { clamp, type Point, type Rect } from "../../lib/geometry";

export interface Mask {
  readonly w: number;
  readonly h: number;
  /** Row by row. */
  readonly data: Uint8ClampedArray;
}

/** What a change covered, and how the mask was there before and is after: all that undo needs. */
export interface Patch {
  readonly rect: Rect;
  readonly before: Uint8ClampedArray;
  readonly after: Uint8ClampedArray;
}

export interface Brush {
  /** In pixels of the picture. */
  readonly radius: number;
  /** 0..1: the part of the radius that covers wholly. */
  readonly hardness: number;
  /** 0..1 */
  readonly opacity: number;
  /** 255 masks, 0 takes the mask away. */
  readonly value: 0 | 255;
}

export function emptyMask(w: number, h: number): Mask {
  return { w, h, data: new Uint8ClampedArray(w * h) };
}

/** How much of a pixel the brush covers at a distance from its middle; one pixel of its edge is always soft. */
export function coverage(distance: number, { radius, hardness }: Brush): number {
  const soft = Math.max(1, radius * (1 - hardness));
  const t = clamp((radius + 0.5 - distance) / soft, 0, 1);
  return t * t * (3 - 2 * t);
}

/**
 * One pull of the brush. A place that it passes twice is not painted twice: what counts is where it covered most, on the
 * mask as it was when the stroke began.
 */
export class Stroke {
  private readonly before: Uint8ClampedArray;
  /** In 255ths. */
  private readonly covered: Uint8ClampedArray;
  private touched: Rect | null = null;
  private last: Point | null = null;

  constructor(
    private readonly mask: Mask,
    private readonly brush: Brush,
  ) {
    this.before = mask.data.slice();
    this.covered = new Uint8ClampedArray(mask.data.length);
  }

  /** Goes on to a place, in a straight line; `pressure` (0..1) narrows the brush. Answers what has changed. */
  to(point: Point, pressure = 1): Rect | null {
    const brush = { ...this.brush, radius: this.brush.radius * pressure };
    const from = this.last ?? point;
    this.last = point;
    const reach = brush.radius + 1;
    const rect = pixels(
      this.mask,
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
        before: cut(this.before, this.mask.w, rect),
        after: cut(this.mask.data, this.mask.w, rect),
      }
    );
  }

  private paint(rect: Rect, brush: Brush, distance: (x: number, y: number) => number): void {
    const { w, data } = this.mask;
    for (let y = rect.y; y < rect.y + rect.h; y++) {
      for (let x = rect.x; x < rect.x + rect.w; x++) {
        const at = y * w + x;
        const cover = coverage(distance(x + 0.5, y + 0.5), brush);
        if (cover * 255 <= (this.covered[at] as number)) continue;
        this.covered[at] = cover * 255;
        data[at] = mixed(this.before[at] as number, brush.value, cover * brush.opacity);
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

/** Sets the whole mask. */
export function fillAll(mask: Mask, value: 0 | 255): Patch {
  return change(mask, whole(mask), () => value);
}

export function invert(mask: Mask): Patch {
  return change(mask, whole(mask), (old) => 255 - old);
}

/** What lies within a closed line: pixels whose middle is inside, by the even-odd rule. */
export function fillPolygon(
  mask: Mask,
  points: readonly Point[],
  { value, opacity }: Pick<Brush, "value" | "opacity">,
): Patch | null {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const rect = pixels(mask, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  if (!rect || points.length < 3) return null;
  const rows = Array.from({ length: rect.h }, (_, i) => crossings(points, rect.y + i + 0.5));
  return change(mask, rect, (old, x, y) => {
    const passed = (rows[y - rect.y] as number[]).filter((crossing) => crossing <= x + 0.5).length;
    return passed % 2 ? mixed(old, value, opacity) : old;
  });
}

function crossings(points: readonly Point[], y: number): number[] {
  return points.flatMap((a, i) => {
    const b = points[(i + 1) % points.length] as Point;
    return a.y <= y === b.y <= y ? [] : [a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)];
  });
}

/**
 * The connected area of the picture whose colour is like that of a place. `rgba`: the picture's pixels, four bytes each;
 * `tolerance`: the largest difference in any of red, green and blue, 0..255.
 */
export function fillColor(
  mask: Mask,
  rgba: Uint8ClampedArray,
  start: Point,
  tolerance: number,
  { value, opacity }: Pick<Brush, "value" | "opacity">,
): Patch | null {
  const inside = likeColor(mask, rgba, Math.floor(start.x), Math.floor(start.y), tolerance);
  if (!inside) return null;
  return change(mask, inside.rect, (old, x, y) =>
    inside.found[y * mask.w + x] ? mixed(old, value, opacity) : old,
  );
}

function likeColor(
  { w, h }: Mask,
  rgba: Uint8ClampedArray,
  x: number,
  y: number,
  tolerance: number,
): { found: Uint8Array; rect: Rect } | null {
  if (x < 0 || y < 0 || x >= w || y >= h) return null;
  const first = y * w + x;
  const like = (at: number) =>
    [0, 1, 2].every(
      (c) => Math.abs((rgba[at * 4 + c] as number) - (rgba[first * 4 + c] as number)) <= tolerance,
    );
  const found = new Uint8Array(w * h);
  const todo = [first];
  found[first] = 1;
  let [left, top, right, bottom] = [x, y, x, y];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    const [px, py] = [at % w, Math.floor(at / w)];
    [left, right] = [Math.min(left, px), Math.max(right, px)];
    [top, bottom] = [Math.min(top, py), Math.max(bottom, py)];
    const near = [px > 0 ? at - 1 : -1, px < w - 1 ? at + 1 : -1, at - w, py < h - 1 ? at + w : -1];
    for (const next of near) {
      if (next < 0 || found[next] || !like(next)) continue;
      found[next] = 1;
      todo.push(next);
    }
  }
  return { found, rect: { x: left, y: top, w: right - left + 1, h: bottom - top + 1 } };
}

/** Puts one side of a patch back. */
export function apply({ w, data }: Mask, rect: Rect, pixelsOf: Uint8ClampedArray): void {
  for (let row = 0; row < rect.h; row++) {
    const part = pixelsOf.subarray(row * rect.w, (row + 1) * rect.w);
    data.set(part, (rect.y + row) * w + rect.x);
  }
}

function change(mask: Mask, rect: Rect, value: (old: number, x: number, y: number) => number): Patch {
  const before = cut(mask.data, mask.w, rect);
  for (let y = rect.y; y < rect.y + rect.h; y++) {
    for (let x = rect.x; x < rect.x + rect.w; x++) {
      const at = y * mask.w + x;
      mask.data[at] = value(mask.data[at] as number, x, y);
    }
  }
  return { rect, before, after: cut(mask.data, mask.w, rect) };
}

function cut(data: Uint8ClampedArray, w: number, rect: Rect): Uint8ClampedArray {
  const part = new Uint8ClampedArray(rect.w * rect.h);
  for (let row = 0; row < rect.h; row++) {
    const start = (rect.y + row) * w + rect.x;
    part.set(data.subarray(start, start + rect.w), row * rect.w);
  }
  return part;
}

function mixed(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

function whole({ w, h }: Mask): Rect {
  return { x: 0, y: 0, w, h };
}

/** The pixels of the mask that a rectangle touches; null when there are none. */
function pixels({ w, h }: Mask, left: number, top: number, right: number, bottom: number): Rect | null {
  const [x, y] = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top))];
  const [endX, endY] = [Math.min(w, Math.ceil(right)), Math.min(h, Math.ceil(bottom))];
  return endX > x && endY > y ? { x, y, w: endX - x, h: endY - y } : null;
}

function around(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}
