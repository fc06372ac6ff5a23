/** Draws the links in view on a 2D canvas: one stroke per colour, however many links there are. */

import { type LinkRecord, Mode } from "../graph/records";
import type { Rect } from "../lib/geometry";
import { type Curve, trace } from "./curve";
import type { Scene } from "./scene";
import type { Theme } from "./theme";

export const LINK_WIDTH = 2;

export function paintLinks(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  area: Rect,
  theme: Theme,
  zoom: number,
): void {
  const bright = new Map<string, Curve[]>();
  const dim = new Map<string, Curve[]>();
  for (const link of scene.linksIn(area)) {
    const curve = scene.curve(link);
    if (!curve) continue;
    const batch = isIdle(scene, link) ? dim : bright;
    const color = theme.typeColor(link.type);
    const list = batch.get(color);
    if (list) list.push(curve);
    else batch.set(color, [curve]);
  }
  ctx.lineWidth = Math.max(LINK_WIDTH, 1 / zoom);
  ctx.lineCap = "round";
  ctx.globalAlpha = 0.3;
  strokeAll(ctx, dim);
  ctx.globalAlpha = 1;
  strokeAll(ctx, bright);
}

/** Links of muted and bypassed nodes step back. */
function isIdle(scene: Scene, link: LinkRecord): boolean {
  return [link.from, link.to].some((id) => {
    const mode = scene.doc.node(id)?.mode;
    return mode === Mode.muted || mode === Mode.bypassed;
  });
}

function strokeAll(ctx: CanvasRenderingContext2D, batches: ReadonlyMap<string, readonly Curve[]>): void {
  for (const [color, curves] of batches) {
    ctx.strokeStyle = color;
    ctx.beginPath();
    for (const curve of curves) trace(ctx, curve);
    ctx.stroke();
  }
}

export function paintLink(ctx: CanvasRenderingContext2D, curve: Curve, color: string, width: number): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.lineCap = "round";
  ctx.beginPath();
  trace(ctx, curve);
  ctx.stroke();
}
