import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxBetween, type Grip, pulled, within } from "./boxes";

const PICTURE = { w: 320, h: 200 };
const BOX = { x: 40, y: 50, w: 100, h: 60 };

describe("a box in a picture", () => {
  it("is kept inside when it is moved, and is cut down to the picture's size", () => {
    expect(within({ ...BOX, x: -20, y: 190 }, PICTURE)).toEqual({ ...BOX, x: 0, y: 140 });
    expect(within({ x: 5, y: 5, w: 999, h: 0 }, PICTURE)).toEqual({ x: 0, y: 5, w: 320, h: 1 });
  });

  it("is pulled at an edge or a corner while the opposite ones stay", () => {
    expect(pulled(BOX, "e", { x: 200, y: 0 }, PICTURE)).toEqual({ ...BOX, w: 160 });
    expect(pulled(BOX, "nw", { x: 30, y: 20 }, PICTURE)).toEqual({ x: 30, y: 20, w: 110, h: 90 });
    expect(pulled(BOX, "s", { x: 0, y: 500 }, PICTURE)).toEqual({ ...BOX, h: 150 });
  });

  it("turns over when an edge is pulled past the opposite one", () => {
    expect(pulled(BOX, "w", { x: 200, y: 0 }, PICTURE)).toEqual({ ...BOX, x: 140, w: 60 });
  });

  it("keeps its ratio at a corner, also where the picture ends", () => {
    expect(pulled(BOX, "se", { x: 240, y: 60 }, PICTURE, 100 / 60)).toEqual({ ...BOX, w: 200, h: 120 });
    const { w, h } = pulled(BOX, "se", { x: 999, y: 999 }, PICTURE, 2);
    expect([w, h]).toEqual([280, 140]);
  });

  it("has at least a pixel and lies within the picture, wherever it is drawn", () => {
    const place = fc.record({ x: fc.integer({ min: -50, max: 400 }), y: fc.integer({ min: -50, max: 400 }) });
    const grip = fc.constantFrom<Grip>("n", "ne", "e", "se", "s", "sw", "w", "nw");
    fc.assert(
      fc.property(
        place,
        place,
        grip,
        fc.option(fc.double({ min: 0.2, max: 5, noNaN: true })),
        (a, b, by, ratio) => {
          const drawn = boxBetween(a, b, PICTURE);
          for (const box of [drawn, pulled(drawn, by, a, PICTURE, ratio ?? undefined)]) {
            expect(box).toEqual(within(box, PICTURE));
          }
        },
      ),
    );
  });
});
