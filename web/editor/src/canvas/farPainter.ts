/** Draws nodes as plain boxes when the view is too far away to read them, and groups at any distance. */

import { Mode, type NodeId } from "../graph/records";
import type { Rect } from "../lib/geometry";
import { intersects } from "../lib/geometry";
import { GROUP_TITLE } from "./hitTest";
import { TITLE } from "./nodeLayout";
import type { Scene } from "./scene";
import type { Theme } from "./theme";

/** Below this zoom nodes are boxes. */
export const FAR_ZOOM = 0.35;
/** Below this one their titles would be specks. */
const TITLE_ZOOM = 0.16;

export interface FarMarks {
  isSelected(id: NodeId): boolean;
  isFailed(id: NodeId): boolean;
  isRunning(id: NodeId): boolean;
}

export function paintFarNodes(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  ids: readonly NodeId[],
  theme: Theme,
  zoom: number,
  marks: FarMarks,
): void {
  const sorted = [...ids].sort((a, b) => scene.depth(a) - scene.depth(b));
  ctx.font = `600 ${Math.min(40, 11 / zoom)}px ${theme.font}`;
  ctx.textBaseline = "middle";
  for (const id of sorted) {
    const frame = scene.frame(id);
    if (!frame) continue;
    const mode = scene.doc.node(id)?.mode;
    const idle = mode === Mode.muted || mode === Mode.bypassed;
    ctx.globalAlpha = idle ? 0.45 : 1;
    ctx.fillStyle = theme.node;
    box(ctx, frame);
    ctx.fill();
    const mark = marks.isFailed(id)
      ? theme.error
      : marks.isSelected(id) || marks.isRunning(id)
        ? theme.accent
        : null;
    ctx.strokeStyle = mark ?? theme.nodeBorder;
    ctx.lineWidth = (mark ? 2 : 1) / zoom;
    ctx.stroke();
    if (zoom >= TITLE_ZOOM) paintTitle(ctx, frame, scene.doc.shape(id)?.title ?? "", theme, zoom);
  }
  ctx.globalAlpha = 1;
}

function paintTitle(
  ctx: CanvasRenderingContext2D,
  frame: Rect,
  title: string,
  theme: Theme,
  zoom: number,
): void {
  ctx.save();
  box(ctx, frame);
  ctx.clip();
  ctx.fillStyle = theme.text;
  ctx.fillText(title, frame.x + 8 / zoom, frame.y + Math.min(frame.h, Math.max(TITLE, 20 / zoom)) / 2);
  ctx.restore();
}

function box(ctx: CanvasRenderingContext2D, r: Rect): void {
  ctx.beginPath();
  ctx.roundRect(r.x, r.y, r.w, r.h, 8);
}

export function paintGroups(ctx: CanvasRenderingContext2D, scene: Scene, area: Rect, theme: Theme): void {
  for (const group of scene.doc.groups()) {
    const rect = scene.groupRect(group);
    if (!intersects(rect, area)) continue;
    box(ctx, rect);
    ctx.globalAlpha = 0.35;
    ctx.fillStyle = group.color ?? theme.group;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.nodeBorder;
    ctx.lineWidth = 1;
    ctx.stroke();
    ctx.fillStyle = theme.text;
    ctx.font = `600 16px ${theme.font}`;
    ctx.textBaseline = "middle";
    ctx.fillText(group.title, rect.x + 12, rect.y + GROUP_TITLE / 2, Math.max(0, rect.w - 24));
  }
}
