/** The curve of a link: a cubic Bézier that leaves to the right and arrives from the left. */
import { clamp, distance, type Point, type Rect } from "../lib/geometry";

export interface Curve {
  readonly a: Point;
  readonly b: Point;
  /** How far the handles reach out sideways. */
  readonly reach: number;
}

export function curveBetween(a: Point, b: Point): Curve {
  const dx = Math.abs(b.x - a.x);
  const dy = Math.abs(b.y - a.y);
  const forward = b.x > a.x ? dx / 2 : Math.min(dx / 2 + dy / 4, 220);
  return { a, b, reach: clamp(forward, Math.min(32, (dx + dy) / 2), 240) };
}

export function curveBounds({ a, b, reach }: Curve): Rect {
  const left = Math.min(a.x, b.x - reach);
  const right = Math.max(b.x, a.x + reach);
  const top = Math.min(a.y, b.y);
  return { x: left, y: top, w: right - left, h: Math.abs(a.y - b.y) };
}

export function pointOn({ a, b, reach }: Curve, t: number): Point {
  const u = 1 - t;
  const [w0, w1, w2, w3] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: w0 * a.x + w1 * (a.x + reach) + w2 * (b.x - reach) + w3 * b.x,
    y: (w0 + w1) * a.y + (w2 + w3) * b.y,
  };
}

const SAMPLES = 32;

/** Distance from a point to the curve, good to a fraction of a pixel for links of ordinary length. */
export function distanceTo(curve: Curve, p: Point): number {
  let best = Infinity;
  let from = curve.a;
  for (let i = 1; i <= SAMPLES; i++) {
    const to = pointOn(curve, i / SAMPLES);
    best = Math.min(best, distanceToSegment(from, to, p));
    from = to;
  }
  return best;
}

function distanceToSegment(a: Point, b: Point, p: Point): number {
  const length = distance(a, b) ** 2;
  const t = length ? clamp(((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length, 0, 1) : 0;
  return distance(p, { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
}

export function trace(ctx: CanvasPath, { a, b, reach }: Curve): void {
  ctx.moveTo(a.x, a.y);
  ctx.bezierCurveTo(a.x + reach, a.y, b.x - reach, b.y, b.x, b.y);
}
