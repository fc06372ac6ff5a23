/** A curve through points that never overshoots them: Fritsch and Carlson, "Monotone Piecewise Cubic Interpolation", 1980. */
import { clamp, type Point } from "./geometry";

/** `points` by rising x; outside of them the curve goes on level. */
export function monotoneCubic(points: readonly Point[]): (x: number) => number {
  const slopes = tangents(points);
  return (x) => {
    const i = segment(points, x);
    const [a, b] = [points[i], points[i + 1]];
    if (!a || !b) return points[0]?.y ?? 0;
    const h = b.x - a.x;
    const t = h > 0 ? clamp((x - a.x) / h, 0, 1) : 1;
    const [ma, mb] = [(slopes[i] ?? 0) * h, (slopes[i + 1] ?? 0) * h];
    const [t2, t3] = [t * t, t * t * t];
    return (2 * t3 - 3 * t2 + 1) * a.y + (t3 - 2 * t2 + t) * ma + (3 * t2 - 2 * t3) * b.y + (t3 - t2) * mb;
  };
}

export function piecewiseLinear(points: readonly Point[]): (x: number) => number {
  return (x) => {
    const i = segment(points, x);
    const [a, b] = [points[i], points[i + 1]];
    if (!a || !b) return points[0]?.y ?? 0;
    const t = b.x > a.x ? clamp((x - a.x) / (b.x - a.x), 0, 1) : 1;
    return a.y + (b.y - a.y) * t;
  };
}

function segment(points: readonly Point[], x: number): number {
  const next = points.findIndex((point) => point.x > x);
  return next < 0 ? points.length - 2 : Math.max(0, next - 1);
}

function tangents(points: readonly Point[]): number[] {
  const secants = points.slice(1).map((b, i) => {
    const a = points[i] as Point;
    return b.x > a.x ? (b.y - a.y) / (b.x - a.x) : 0;
  });
  const slopes = points.map((_, i) => {
    const [before, after] = [secants[i - 1], secants[i]];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    return before * after <= 0 ? 0 : (before + after) / 2;
  });
  for (const [i, secant] of secants.entries()) {
    const [a, b] = [slopes[i] as number, slopes[i + 1] as number];
    if (secant === 0) {
      slopes[i] = 0;
      slopes[i + 1] = 0;
      continue;
    }
    // Inside a circle of radius 3 the piece is monotone.
    const length = Math.hypot(a / secant, b / secant);
    if (length <= 3) continue;
    slopes[i] = (3 * a) / length;
    slopes[i + 1] = (3 * b) / length;
  }
  return slopes;
}
