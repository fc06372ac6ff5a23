/** What is painted on the picture: a mask, seen as a tint, or a drawing in its own colours. */
import type { Rect } from "../../lib/geometry";
import { type Color, colorInk, eraser, type Ink, maskInk } from "./inks";
import { cut, type Sheet } from "./sheet";
import type { Settings } from "./tools";

const TINT_STRENGTH = 0.62;

export function isDrawing({ channels }: Sheet): boolean {
  return channels === 4;
}

export function inkOf(sheet: Sheet, erases: boolean, { color }: Settings): Ink {
  if (!isDrawing(sheet)) return maskInk(erases ? 0 : 255);
  return erases ? eraser : colorInk(colorOf(color));
}

/** A part of the sheet as it is seen. */
export function seen(sheet: Sheet, rect: Rect, [red, green, blue]: Color): ImageData {
  const part = cut(sheet, rect);
  if (isDrawing(sheet)) return new ImageData(part, rect.w, rect.h);
  const image = new ImageData(rect.w, rect.h);
  const { data } = image;
  let to = 0;
  for (const value of part) {
    data[to++] = red;
    data[to++] = green;
    data[to++] = blue;
    data[to++] = value * TINT_STRENGTH;
  }
  return image;
}

/** Of `#rrggbb`. */
export function colorOf(hex: string): Color {
  const rgb = Number.parseInt(hex.slice(1), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
}

export function hexOf(color: ArrayLike<number>): string {
  return `#${[0, 1, 2].map((c) => (color[c] ?? 0).toString(16).padStart(2, "0")).join("")}`;
}
