/** Draws nodes as plain boxes when the view is too far away to read them, and the frames of groups at any distance. */

import { Mode, type NodeId } from "../graph/records";
import { clamp, intersects, type Point, type Rect } from "../lib/geometry";
import { PAD, TITLE } from "./nodeLayout";
import type { Scene } from "./scene";
import type { Theme } from "./theme";

/** Below this zoom their titles would be specks. */
const TITLE_ZOOM = 0.16;
/** And below this one what is in them. */
const BODY_ZOOM = 0.3;
const TITLE_FONT = 13;
const SLOT = 5;

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
  const boxes = ids.flatMap((id) => {
    const frame = scene.frame(id);
    return frame ? [{ id, frame, look: lookOf(scene, id, theme, marks) }] : [];
  });
  // One path for all that look the same: thousands of boxes cost a handful of strokes.
  for (const look of new Set(boxes.map((box) => box.look))) {
    const [color, isIdle] = look.split(" ");
    ctx.beginPath();
    for (const { frame } of boxes.filter((box) => box.look === look)) trace(ctx, frame, zoom);
    ctx.globalAlpha = isIdle ? 0.45 : 1;
    ctx.fillStyle = theme.node;
    ctx.fill();
    ctx.strokeStyle = color || theme.nodeBorder;
    ctx.lineWidth = (color ? 2 : 1) / zoom;
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  if (zoom < TITLE_ZOOM) return;
  if (zoom >= BODY_ZOOM) {
    const open = boxes.filter(({ id }) => !scene.layout(id)?.collapsed);
    paintBodies(ctx, scene, open, theme);
  }
  ctx.font = `600 ${clamp(11 / zoom, TITLE_FONT, zoom < BODY_ZOOM ? 40 : TITLE - 6)}px ${theme.font}`;
  ctx.textBaseline = "middle";
  for (const { id, frame } of boxes) paintTitle(ctx, frame, scene.doc.shape(id)?.title ?? "", theme, zoom);
}

/** Fields as bars and slots as dots: enough to know a node again by its shape. */
function paintBodies(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  boxes: readonly { readonly id: NodeId; readonly frame: Rect }[],
  theme: Theme,
): void {
  const slots = new Map<string, Path2D>();
  ctx.beginPath();
  for (const { id, frame } of boxes) {
    const layout = scene.layout(id);
    const shape = scene.doc.shape(id);
    if (!layout || !shape) continue;
    const body = frame.y + TITLE;
    for (const { y, h } of layout.widgets.values()) ctx.rect(frame.x + PAD, body + y, frame.w - 2 * PAD, h);
    for (const { name, type } of shape.sockets)
      dot(slots, theme.typeColor(type), layout.inputs.get(name), frame);
    for (const { index, type } of shape.outputs)
      dot(slots, theme.typeColor(type), layout.outputs[index], frame);
  }
  ctx.fillStyle = theme.field;
  ctx.fill();
  for (const [color, path] of slots) {
    ctx.fillStyle = color;
    ctx.fill(path);
  }
}

function dot(slots: Map<string, Path2D>, color: string, at: Point | undefined, frame: Rect): void {
  if (!at) return;
  const path = slots.get(color) ?? new Path2D();
  const [x, y] = [frame.x + at.x, frame.y + TITLE + at.y];
  path.moveTo(x + SLOT, y);
  path.arc(x, y, SLOT, 0, 2 * Math.PI);
  slots.set(color, path);
}

/** Colour of the outline, empty for the ordinary one, and whether the node takes part in runs. */
function lookOf(scene: Scene, id: NodeId, theme: Theme, marks: FarMarks): string {
  const mode = scene.doc.node(id)?.mode;
  const lit = marks.isSelected(id) || marks.isRunning(id);
  const color = marks.isFailed(id) ? theme.error : lit ? theme.accent : "";
  return mode === Mode.muted || mode === Mode.bypassed ? `${color} idle` : color;
}

function paintTitle(
  ctx: CanvasRenderingContext2D,
  frame: Rect,
  title: string,
  theme: Theme,
  zoom: number,
): void {
  ctx.save();
  ctx.beginPath();
  trace(ctx, frame, zoom);
  ctx.clip();
  ctx.fillStyle = theme.text;
  ctx.fillText(title, frame.x + 8 / zoom, frame.y + titleHeight(frame, zoom) / 2);
  ctx.restore();
}

/** Where nothing else is painted in the node, its title may be larger than its row. */
function titleHeight({ h }: Rect, zoom: number): number {
  return zoom >= BODY_ZOOM ? TITLE : Math.min(h, Math.max(TITLE, 20 / zoom));
}

/** Round corners are not seen from very far, and cost the most. */
function trace(ctx: CanvasPath, r: Rect, zoom: number): void {
  if (zoom < TITLE_ZOOM) ctx.rect(r.x, r.y, r.w, r.h);
  else ctx.roundRect(r.x, r.y, r.w, r.h, 8);
}

export function paintGroups(ctx: CanvasRenderingContext2D, scene: Scene, area: Rect, theme: Theme): void {
  for (const group of scene.doc.groups()) {
    const rect = scene.groupRect(group);
    if (!intersects(rect, area)) continue;
    ctx.beginPath();
    ctx.roundRect(rect.x, rect.y, rect.w, rect.h, 8);
    ctx.globalAlpha = 0.35;
    // A colour that the canvas cannot read leaves the one before.
    ctx.fillStyle = theme.group;
    if (group.color !== null) ctx.fillStyle = group.color;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.nodeBorder;
    ctx.lineWidth = 1;
    ctx.stroke();
    paintCorner(ctx, rect);
  }
}

/** Two short lines where a group is taken to resize it. */
function paintCorner(ctx: CanvasRenderingContext2D, { x, y, w, h }: Rect): void {
  const [right, bottom] = [x + w - 4, y + h - 4];
  ctx.beginPath();
  for (const length of [5, 9]) {
    ctx.moveTo(right - length, bottom);
    ctx.lineTo(right, bottom - length);
  }
  ctx.stroke();
}
