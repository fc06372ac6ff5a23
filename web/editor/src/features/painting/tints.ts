/** The colour in which a mask is seen over its picture: one that differs from whatever the picture shows. */

import { type Label, t } from "../../lib/t";
import type { Color } from "./inks";

export type TintName = "red" | "green" | "blue" | "magenta" | "cyan" | "yellow";

export const TINT_LABELS: Readonly<Record<TintName, Label>> = {
  red: () => t("Red"),
  green: () => t("Green"),
  blue: () => t("Blue"),
  magenta: () => t("Magenta"),
  cyan: () => t("Cyan"),
  yellow: () => t("Yellow"),
};

/** In the order in which they are taken where several would do. */
export const TINTS: Readonly<Record<TintName, Color>> = {
  red: [242, 64, 64],
  green: [40, 200, 90],
  blue: [56, 110, 255],
  magenta: [235, 60, 220],
  cyan: [40, 210, 230],
  yellow: [250, 215, 40],
};

/** Differences in Oklab: black and white are 1 apart, and 0.02 is just noticed. */
const PLAIN_TO_SEE = 0.15;
const SAMPLES = 4096;
/** So much of the picture may be less different: dots do not hide a mask. */
const HIDDEN = 0.05;

/** The first tint that is plain to see nearly everywhere on the picture, else the one that is seen best. */
export function tintFor(rgba: Uint8ClampedArray): TintName {
  const pixels = rgba.length / 4;
  const step = Math.max(1, Math.floor(pixels / SAMPLES));
  const samples = Array.from({ length: Math.ceil(pixels / step) }, (_, i) => {
    const at = i * step * 4;
    return oklab(rgba[at] as number, rgba[at + 1] as number, rgba[at + 2] as number);
  });
  const names = Object.keys(TINTS) as TintName[];
  const seen = names.map((name) => ({ name, by: difference(samples, oklab(...TINTS[name])) }));
  const plain = seen.find(({ by }) => by >= PLAIN_TO_SEE);
  return (plain ?? seen.reduce((best, one) => (one.by > best.by ? one : best))).name;
}

type Lab = readonly [number, number, number];

/** From the colours of the picture to another, all but the few that are nearest to it. */
function difference(samples: readonly Lab[], [l, a, b]: Lab): number {
  const distances = samples
    .map((lab) => Math.hypot(lab[0] - l, lab[1] - a, lab[2] - b))
    .sort((x, y) => x - y);
  return distances[Math.floor(distances.length * HIDDEN)] ?? 0;
}

/** sRGB, 0..255, in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020). */
function oklab(red: number, green: number, blue: number): Lab {
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function linear(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}
