/** Draws what lies above the nodes: the link under the pointer, the one being made, the selection box. */
import type { LinkRecord } from "../graph/records";
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
  const curve = hovered && scene.curve(hovered);
  if (curve) paintLink(ctx, curve, theme.typeColor(hovered.type), LINK_WIDTH + 1.5);
  for (const { at, type } of overlay.targets ?? []) lit(ctx, at.x, at.y, theme.typeColor(type), zoom);
  if (overlay.draft) {
    const { curve: line, type, snapped } = overlay.draft;
    const color = theme.typeColor(type);
    ctx.setLineDash(snapped ? [] : [6, 6]);
    paintLink(ctx, line, color, LINK_WIDTH + (snapped ? 1 : 0));
    ctx.setLineDash([]);
  }
  if (overlay.box) {
    const { x, y, w, h } = overlay.box;
    ctx.strokeStyle = theme.accent;
    ctx.fillStyle = theme.accent;
    ctx.lineWidth = 1 / zoom;
    ctx.globalAlpha = 0.08;
    ctx.fillRect(x, y, w, h);
    ctx.globalAlpha = 1;
    ctx.strokeRect(x, y, w, h);
  }
}

/** A slot that would take the link: its dot, and a ring around it. */
function lit(ctx: CanvasRenderingContext2D, x: number, y: number, color: string, zoom: number): void {
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = Math.max(1.5, 1 / zoom);
  ctx.beginPath();
  ctx.arc(x, y, 5, 0, 2 * Math.PI);
  ctx.fill();
  ctx.beginPath();
  ctx.arc(x, y, 9, 0, 2 * Math.PI);
  ctx.stroke();
}
