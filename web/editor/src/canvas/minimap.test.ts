import { describe, expect, it } from "vitest";
import { fromMap, mapView, toMap } from "./minimap";

describe("the minimap", () => {
  it("shows everything in the middle, undistorted, and leads back to the same place", () => {
    const content = { x: -500, y: 200, w: 3920, h: 920 };
    const view = mapView(content, { w: 200, h: 140 });
    const shown = toMap(view, content);
    expect(view.scale).toBeCloseTo(0.05);
    expect([shown.x + shown.w / 2, shown.y + shown.h / 2]).toEqual([expect.closeTo(100), expect.closeTo(70)]);
    const back = fromMap(view, { x: shown.x, y: shown.y });
    expect([back.x, back.y]).toEqual([expect.closeTo(-500), expect.closeTo(200)]);
  });
});
