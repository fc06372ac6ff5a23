/** Changes of many pixels at once: everything, what a line encloses, what is of one colour. */
import type { Point, Rect } from "../../lib/geometry";
import type { Ink } from "./inks";
import { change, type Patch, pixelsIn, type Sheet, whole } from "./sheet";
import type { Brush } from "./stroke";

export function fillAll(sheet: Sheet, ink: Ink): Patch {
  return change(sheet, whole(sheet), (at) => ink(sheet.data, sheet.data, at, 1));
}

/** Of a mask. */
export function invert(mask: Sheet): Patch {
  return change(mask, whole(mask), (at) => {
    mask.data[at] = 255 - (mask.data[at] as number);
  });
}

/** What lies within a closed line: pixels whose middle is inside, by the even-odd rule. */
export function fillPolygon(
  sheet: Sheet,
  points: readonly Point[],
  { ink, opacity }: Pick<Brush, "ink" | "opacity">,
): Patch | null {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const rect = pixelsIn(sheet, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  if (!rect || points.length < 3) return null;
  const rows = Array.from({ length: rect.h }, (_, i) => crossings(points, rect.y + i + 0.5));
  return change(sheet, rect, (at, x, y) => {
    const passed = (rows[y - rect.y] as number[]).filter((crossing) => crossing <= x + 0.5).length;
    if (passed % 2) ink(sheet.data, sheet.data, at, opacity);
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
  sheet: Sheet,
  rgba: Uint8ClampedArray,
  start: Point,
  tolerance: number,
  { ink, opacity }: Pick<Brush, "ink" | "opacity">,
): Patch | null {
  const inside = likeColor(sheet, rgba, Math.floor(start.x), Math.floor(start.y), tolerance);
  if (!inside) return null;
  return change(sheet, inside.rect, (at, x, y) => {
    if (inside.found[y * sheet.w + x]) ink(sheet.data, sheet.data, at, opacity);
  });
}

function likeColor(
  { w, h }: Sheet,
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
