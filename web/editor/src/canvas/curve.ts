/** The line of a link: it leaves to the right and arrives from the left, curved, straight or in steps. */
import { clamp, distance, type Point, type Rect } from "../lib/geometry";

export type LinkStyle = "curved" | "straight" | "stepped" | "hidden";

export interface Curve {
  readonly a: Point;
  readonly b: Point;
  /** How far the handles of a curve, or the first and last step, reach out sideways. */
  readonly reach: number;
  readonly style: LinkStyle;
}

export function curveBetween(a: Point, b: Point, style: LinkStyle = "curved"): Curve {
  const dx = Math.abs(b.x - a.x);
  const dy = Math.abs(b.y - a.y);
  const forward = b.x > a.x ? dx / 2 : Math.min(dx / 2 + dy / 4, 220);
  return { a, b, style, reach: clamp(forward, Math.min(32, (dx + dy) / 2), 240) };
}

/** Curves from point to point. */
export function wayThrough(points: readonly Point[], style: LinkStyle): Curve[] {
  return points.slice(1).map((to, i) => curveBetween(points[i] as Point, to, style));
}

/** Which of the curves a point is nearest to, and how far it is from that. */
export function nearestOn(
  way: readonly Curve[],
  p: Point,
): { readonly at: number; readonly distance: number } {
  let best = { at: 0, distance: Infinity };
  for (const [at, curve] of way.entries()) {
    const far = distanceTo(curve, p);
    if (far < best.distance) best = { at, distance: far };
  }
  return best;
}

export function curveBounds({ a, b, reach }: Curve): Rect {
  const left = Math.min(a.x, b.x - reach);
  const right = Math.max(b.x, a.x + reach);
  const top = Math.min(a.y, b.y);
  return { x: left, y: top, w: right - left, h: Math.abs(a.y - b.y) };
}

const SAMPLES = 32;

export function pointOn({ a, b, reach }: Curve, t: number): Point {
  const u = 1 - t;
  const [w0, w1, w2, w3] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: w0 * a.x + w1 * (a.x + reach) + w2 * (b.x - reach) + w3 * b.x,
    y: (w0 + w1) * a.y + (w2 + w3) * b.y,
  };
}

/** The corners of a line, or points on a curve that lie close enough. */
function pointsOf(curve: Curve): readonly Point[] {
  const { a, b, style } = curve;
  if (style === "straight") return [a, b];
  if (style === "stepped") return stepsOf(curve);
  return Array.from({ length: SAMPLES + 1 }, (_, i) => pointOn(curve, i / SAMPLES));
}

/** Upright in the middle where there is room for it, else out, across between the two, and in. */
function stepsOf({ a, b, reach }: Curve): readonly Point[] {
  const [out, into] = b.x > a.x ? [(a.x + b.x) / 2, (a.x + b.x) / 2] : [a.x + reach, b.x - reach];
  const middle = (a.y + b.y) / 2;
  return [a, { x: out, y: a.y }, { x: out, y: middle }, { x: into, y: middle }, { x: into, y: b.y }, b];
}

/** Distance from a point to the line, good to a fraction of a pixel for links of ordinary length. */
export function distanceTo(curve: Curve, p: Point): number {
  let best = Infinity;
  let from = curve.a;
  for (const to of pointsOf(curve)) {
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

export function trace(ctx: CanvasPath, curve: Curve): void {
  const { a, b, reach, style } = curve;
  ctx.moveTo(a.x, a.y);
  if (style === "curved") ctx.bezierCurveTo(a.x + reach, a.y, b.x - reach, b.y, b.x, b.y);
  else for (const { x, y } of pointsOf(curve)) ctx.lineTo(x, y);
}
