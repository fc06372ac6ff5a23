import { describe, expect, it } from "vitest";
import type { Color } from "./inks";
import { TINTS, type TintName, tintFor } from "./tints";

const picture = (...colors: Color[]) => new Uint8ClampedArray(colors.flatMap((color) => [...color, 255]));
const spread = (from: Color, to: Color) =>
  picture(
    ...Array.from({ length: 64 }, (_, i): Color => {
      const part = i / 63;
      const [r = 0, g = 0, b = 0] = from.map((value, c) => value + ((to[c] as number) - value) * part);
      return [r, g, b];
    }),
  );

describe("the tint of a mask", () => {
  it("is red on greys, as one knows it", () => {
    expect(tintFor(spread([0, 0, 0], [255, 255, 255]))).toBe("red");
  });

  it("is never the colour of the picture", () => {
    for (const name of Object.keys(TINTS) as TintName[]) {
      const [r, g, b] = TINTS[name];
      expect(tintFor(picture([r, g, b]))).not.toBe(name);
    }
    expect(tintFor(spread([255, 0, 0], [180, 20, 20]))).not.toBe("red");
  });

  it("does not mind a few dots of its own colour", () => {
    const dots = Array.from({ length: 100 }, (_, i): Color => (i < 3 ? TINTS.red : [128, 128, 128]));
    expect(tintFor(picture(...dots))).toBe("red");
  });

  it("is there for a picture of all colours, and for none", () => {
    expect(TINTS).toHaveProperty(tintFor(picture(...Object.values(TINTS))));
    expect(TINTS).toHaveProperty(tintFor(picture()));
  });
});
