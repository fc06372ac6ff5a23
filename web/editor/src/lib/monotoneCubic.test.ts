import fc from "fast-check";
import { expect, it } from "vitest";
import { monotoneCubic, piecewiseLinear } from "./monotoneCubic";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const curves = fc
  .uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 8 })
  .chain((xs) =>
    fc
      .array(unit, { minLength: xs.length, maxLength: xs.length })
      .map((ys) => xs.sort((a, b) => a - b).map((x, i) => ({ x: x / 100, y: ys[i] as number }))),
  );

it("goes through its points and stays between neighbours", () => {
  fc.assert(
    fc.property(curves, unit, (points, t) => {
      for (const make of [monotoneCubic, piecewiseLinear]) {
        const at = make(points);
        for (const { x, y } of points) expect(at(x)).toBeCloseTo(y, 9);
        for (const [i, b] of points.slice(1).entries()) {
          const a = points[i] as (typeof points)[number];
          const y = at(a.x + (b.x - a.x) * t);
          expect(y).toBeGreaterThanOrEqual(Math.min(a.y, b.y) - 1e-9);
          expect(y).toBeLessThanOrEqual(Math.max(a.y, b.y) + 1e-9);
        }
      }
    }),
  );
});

it("is a straight line through points on one", () => {
  const at = monotoneCubic([0, 0.3, 1].map((x) => ({ x, y: 0.2 + 0.5 * x })));
  for (const x of [0, 0.1, 0.5, 0.77, 1]) expect(at(x)).toBeCloseTo(0.2 + 0.5 * x, 12);
});
