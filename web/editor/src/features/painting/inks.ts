/** What a brush or a fill lays on a pixel. */

export type Color = readonly [red: number, green: number, blue: number];

/** Changes the pixel that begins at `at` in `to`, from what it is in `from`, where the ink covers `part` (0..1) of it. */
export type Ink = (to: Uint8ClampedArray, from: Uint8ClampedArray, at: number, part: number) => void;

/** For masks: 255 masks, 0 takes the mask away. */
export function maskInk(value: 0 | 255): Ink {
  return (to, from, at, part) => {
    to[at] = mixed(from[at] as number, value, part);
  };
}

/** For drawings: over what is there (Porter and Duff, "Compositing Digital Images", 1984). */
export function colorInk([red, green, blue]: Color): Ink {
  return (to, from, at, part) => {
    const below = ((from[at + 3] as number) / 255) * (1 - part);
    const alpha = part + below;
    const own = alpha ? part / alpha : 0;
    to[at] = mixed(from[at] as number, red, own);
    to[at + 1] = mixed(from[at + 1] as number, green, own);
    to[at + 2] = mixed(from[at + 2] as number, blue, own);
    to[at + 3] = alpha * 255;
  };
}

/** For drawings: takes them away, and leaves the colours that are left as they are. */
export const eraser: Ink = (to, from, at, part) => {
  for (let c = 0; c < 3; c++) to[at + c] = from[at + c] as number;
  to[at + 3] = (from[at + 3] as number) * (1 - part);
};

function mixed(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}
