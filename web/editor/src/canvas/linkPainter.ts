/** Draws the links in view on a 2D canvas: one stroke per colour, however many links there are. */

import { type LinkRecord, Mode, type RerouteId } from "../graph/records";
import { linksByReroute } from "../graph/rerouteChains";
import type { Point, Rect } from "../lib/geometry";
import { type Curve, trace } from "./curve";
import { REROUTE_RADIUS } from "./rerouteDots";
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
    const way = scene.way(link);
    if (!way) continue;
    const batch = isIdle(scene, link) ? dim : bright;
    const color = theme.typeColor(link.type);
    const list = batch.get(color);
    if (list) list.push(...way);
    else batch.set(color, [...way]);
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

/** A dot for each reroute, in the colour of what goes through it; selected ones with a ring. */
export function paintReroutes(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  area: Rect,
  theme: Theme,
  selected: ReadonlySet<RerouteId>,
): void {
  const ids = scene.reroutes.isIn(area);
  if (!ids.length) return;
  const carried = linksByReroute(scene.doc, scene.doc.sheet);
  for (const id of ids) {
    const pos = scene.reroutes.pos(id);
    if (!pos) continue;
    const type = carried.get(id)?.[0]?.type ?? "*";
    ctx.beginPath();
    ctx.arc(pos.x, pos.y, REROUTE_RADIUS, 0, 2 * Math.PI);
    ctx.fillStyle = theme.typeColor(type);
    ctx.strokeStyle = theme.node;
    ctx.lineWidth = 2;
    ctx.fill();
    ctx.stroke();
    if (selected.has(id)) ring(ctx, pos, theme.accent);
  }
}

export function ring(ctx: CanvasRenderingContext2D, { x, y }: Point, color: string): void {
  ctx.beginPath();
  ctx.arc(x, y, REROUTE_RADIUS + 4, 0, 2 * Math.PI);
  ctx.strokeStyle = color;
  ctx.lineWidth = 2;
  ctx.stroke();
}

export function paintLink(ctx: CanvasRenderingContext2D, curve: Curve, color: string, width: number): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.lineCap = "round";
  ctx.beginPath();
  trace(ctx, curve);
  ctx.stroke();
}
