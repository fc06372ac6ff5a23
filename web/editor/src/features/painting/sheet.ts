/** Numbers in the shape of a picture, which a hand changes: a mask with one for each pixel, or a drawing with four. */
import type { Rect } from "../../lib/geometry";

export interface Sheet {
  readonly w: number;
  readonly h: number;
  /** 1: a mask, 0 (keep) to 255 (paint anew). 4: red, green, blue and how much they cover. */
  readonly channels: 1 | 4;
  /** Row by row. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** What a change covered, and how the sheet was there before and is after: all that undo needs. */
export interface Patch {
  readonly rect: Rect;
  readonly before: Uint8ClampedArray;
  readonly after: Uint8ClampedArray;
}

export function emptySheet(w: number, h: number, channels: 1 | 4): Sheet {
  return { w, h, channels, data: new Uint8ClampedArray(w * h * channels) };
}

/** Puts one side of a patch back. */
export function apply({ w, channels, data }: Sheet, rect: Rect, side: Uint8ClampedArray): void {
  const length = rect.w * channels;
  for (let row = 0; row < rect.h; row++) {
    data.set(side.subarray(row * length, (row + 1) * length), ((rect.y + row) * w + rect.x) * channels);
  }
}

/** Changes the pixels of a rectangle one by one; `at` is where a pixel begins in the data. */
export function change(sheet: Sheet, rect: Rect, each: (at: number, x: number, y: number) => void): Patch {
  const before = cut(sheet, rect);
  for (let y = rect.y; y < rect.y + rect.h; y++) {
    for (let x = rect.x; x < rect.x + rect.w; x++) each((y * sheet.w + x) * sheet.channels, x, y);
  }
  return { rect, before, after: cut(sheet, rect) };
}

/** The numbers of a rectangle; those of the sheet, or others in its shape. */
export function cut({ w, channels, data }: Sheet, rect: Rect, from = data): Uint8ClampedArray<ArrayBuffer> {
  const length = rect.w * channels;
  const part = new Uint8ClampedArray(length * rect.h);
  for (let row = 0; row < rect.h; row++) {
    const start = ((rect.y + row) * w + rect.x) * channels;
    part.set(from.subarray(start, start + length), row * length);
  }
  return part;
}

export function whole({ w, h }: Sheet): Rect {
  return { x: 0, y: 0, w, h };
}

/** The pixels of the sheet that a rectangle touches; null when there are none. */
export function pixelsIn(
  { w, h }: Sheet,
  left: number,
  top: number,
  right: number,
  bottom: number,
): Rect | null {
  const [x, y] = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top))];
  const [endX, endY] = [Math.min(w, Math.ceil(right)), Math.min(h, Math.ceil(bottom))];
  return endX > x && endY > y ? { x, y, w: endX - x, h: endY - y } : null;
}
