/** Draws what lies above the nodes: the link under the pointer, the one being made, the selection box. */

import type { LinkRecord } from "../graph/records";
import type { Point } from "../lib/geometry";
import { LINK_WIDTH, paintLink } from "./linkPainter";
import type { Scene } from "./scene";
import type { Theme } from "./theme";
import type { Overlay } from "./tools/tool";

export function paintOverlay(
  ctx: CanvasRenderingContext2D,
  overlay: Overlay,
  hovered: LinkRecord | null,
  scene: Scene,
  theme: Theme,
  zoom: number,
): void {
  const lifted = overlay.lit ?? hovered;
  const way = lifted && scene.way(lifted);
  for (const curve of way ?? [])
    paintLink(ctx, curve, theme.typeColor(lifted?.type ?? "*"), LINK_WIDTH + 1.5);
  for (const { at, type } of overlay.targets ?? []) lit(ctx, at, theme.typeColor(type), zoom);
  if (overlay.draft) {
    const { curve: line, type, snapped } = overlay.draft;
    const color = theme.typeColor(type);
    ctx.setLineDash(snapped ? [] : [6, 6]);
    paintLink(ctx, line, color, LINK_WIDTH + (snapped ? 1 : 0));
    ctx.setLineDash([]);
    dot(ctx, line.a, color);
    dot(ctx, line.b, color);
  }
  for (const { x, y, w, h } of [...(overlay.ghosts ?? []), ...(overlay.box ? [overlay.box] : [])]) {
    ctx.strokeStyle = theme.accent;
    ctx.fillStyle = theme.accent;
    ctx.lineWidth = 1 / zoom;
    ctx.globalAlpha = 0.08;
    ctx.fillRect(x, y, w, h);
    ctx.globalAlpha = 1;
    ctx.strokeRect(x, y, w, h);
  }
}

function dot(ctx: CanvasRenderingContext2D, { x, y }: Point, color: string): void {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(x, y, 5, 0, 2 * Math.PI);
  ctx.fill();
}

/** A slot that would take the link: its dot, and a ring around it. */
function lit(ctx: CanvasRenderingContext2D, at: Point, color: string, zoom: number): void {
  dot(ctx, at, color);
  ctx.strokeStyle = color;
  ctx.lineWidth = Math.max(1.5, 1 / zoom);
  ctx.beginPath();
  ctx.arc(at.x, at.y, 9, 0, 2 * Math.PI);
  ctx.stroke();
}
