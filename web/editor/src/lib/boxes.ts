/** Rectangles of whole pixels within a picture, moved and pulled at their edges. */
import { clamp, type Point, type Rect } from "./geometry";

export interface Extent {
  readonly w: number;
  readonly h: number;
}

/** Which edges are pulled: n, e, s, w and the corners of two. */
export type Grip = "n" | "ne" | "e" | "se" | "s" | "sw" | "w" | "nw";

/** As much of it as the picture has, and one pixel at least. */
export function within(box: Rect, { w, h }: Extent): Rect {
  const width = clamp(Math.round(box.w), 1, w);
  const height = clamp(Math.round(box.h), 1, h);
  return {
    x: clamp(Math.round(box.x), 0, w - width),
    y: clamp(Math.round(box.y), 0, h - height),
    w: width,
    h: height,
  };
}

export function boxBetween(a: Point, b: Point, extent: Extent): Rect {
  const [left, right] = ends(a.x, b.x, extent.w);
  const [top, bottom] = ends(a.y, b.y, extent.h);
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** Pulls edges to a place; the opposite ones stay. With a ratio (width by height) a corner keeps it. */
export function pulled(box: Rect, grip: Grip, to: Point, extent: Extent, ratio?: number): Rect {
  const fixed = {
    x: grip.includes("w") ? box.x + box.w : box.x,
    y: grip.includes("n") ? box.y + box.h : box.y,
  };
  const free = {
    x: grip.includes("w") || grip.includes("e") ? to.x : box.x + box.w,
    y: grip.includes("n") || grip.includes("s") ? to.y : box.y + box.h,
  };
  if (ratio === undefined || grip.length < 2) return boxBetween(fixed, free, extent);
  return boxBetween(fixed, atRatio(fixed, free, ratio, extent), extent);
}

/** How a box is when the pointer that took hold of it is at a place. */
export type Drag = (at: Point, keepsRatio: boolean) => Rect;

/** `grip`: what was taken hold of, "move" or edges. */
export function dragOf(grip: string, start: Point, box: Rect, extent: Extent): Drag {
  if (grip === "move")
    return (at) => within({ ...box, x: box.x + at.x - start.x, y: box.y + at.y - start.y }, extent);
  const ratio = box.w / box.h;
  return (at, keepsRatio) => pulled(box, grip as Grip, at, extent, keepsRatio ? ratio : undefined);
}

/** The corner opposite to a fixed one, as far out as the pointer is in either direction, but not beyond the picture. */
function atRatio(fixed: Point, free: Point, ratio: number, { w, h }: Extent): Point {
  const [dx, dy] = [free.x - fixed.x, free.y - fixed.y];
  const room = { x: dx < 0 ? fixed.x : w - fixed.x, y: dy < 0 ? fixed.y : h - fixed.y };
  const wide = Math.min(Math.max(Math.abs(dx), Math.abs(dy) * ratio), room.x, room.y * ratio);
  return { x: fixed.x + Math.sign(dx || 1) * wide, y: fixed.y + (Math.sign(dy || 1) * wide) / ratio };
}

function ends(a: number, b: number, most: number): [number, number] {
  const [low, high] = [Math.min(a, b), Math.max(a, b)].map((value) => clamp(Math.round(value), 0, most)) as [
    number,
    number,
  ];
  return high > low ? [low, high] : low < most ? [low, low + 1] : [low - 1, low];
}
