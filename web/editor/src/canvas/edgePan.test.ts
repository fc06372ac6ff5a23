import { describe, expect, it } from "vitest";
import { edgeSpeed } from "./edgePan";

const view = { w: 1000, h: 600 };

describe("at the edge of the canvas", () => {
  it("the view goes towards what is beyond, the faster the further out, within limits", () => {
    expect(edgeSpeed({ x: 990, y: 300 }, view)).toEqual({ x: -9, y: 0 });
    expect(edgeSpeed({ x: 1010, y: 300 }, view)).toEqual({ x: -19, y: 0 });
    expect(edgeSpeed({ x: 5000, y: -5000 }, view)).toEqual({ x: -20, y: 20 });
  });

  it("nothing moves away from it", () => {
    expect(edgeSpeed({ x: 500, y: 300 }, view)).toEqual({ x: 0, y: 0 });
    expect(edgeSpeed({ x: 28, y: 572 }, view)).toEqual({ x: 0, y: 0 });
  });
});
