/**
 * Where everything in a node lies, worked out from data alone, so that links can be drawn without measuring the page.
 * Coordinates are relative to the top left of the body; the title row is above it. The style sheet follows these numbers.
 */

import type { NodeShape, WidgetShape } from "../graph/nodeShape";
import type { NodeRecord } from "../graph/records";
import { isSide } from "../graph/sheets";
import { REROUTE } from "../graph/virtualNodes";
import { clamp, type Point, type Rect } from "../lib/geometry";

export const TITLE = 28;
export const ROW = 24;
export const GAP = 4;
export const PAD = 8;
export const MIN_WIDTH = 180;
const SIDE_WIDTH = 160;
export const DEFAULT_WIDTH = 260;
export const TEXT_DEFAULT_WIDTH = 340;
const TEXT_MIN = 64;
const TEXT_DEFAULT = 96;
const ERROR_HEIGHT = 44;
const PREVIEW_MIN = 96;
const CURVE_HEIGHT = 168;
const BOX_HEIGHT = 2 * ROW + GAP;
/** The least height of a picture that is worked on in a node. */
const PICTURE_HEIGHT = 160;

/** What a run adds to a node. */
export interface NodeExtras {
  /** Width over height of the picture that is shown. */
  readonly previewAspect: number | null;
  /** Height of what is shown instead of a picture, such as a player; 0: nothing. */
  readonly playerHeight: number;
  /** Whether the node has something to say, in a line at its bottom. */
  readonly note: boolean;
  readonly error: boolean;
}

export interface Band {
  readonly y: number;
  readonly h: number;
}

export interface NodeLayout {
  readonly w: number;
  /** Height of the body; 0 when collapsed. */
  readonly h: number;
  readonly collapsed: boolean;
  readonly inputs: ReadonlyMap<string, Point>;
  readonly outputs: readonly Point[];
  readonly widgets: ReadonlyMap<string, Band>;
  readonly preview: Band | null;
  readonly note: Band | null;
  readonly error: Band | null;
}

export const NO_EXTRAS: NodeExtras = { previewAspect: null, playerHeight: 0, note: false, error: false };

export function layOutNode(
  node: NodeRecord,
  shape: NodeShape,
  extras: NodeExtras,
  size: NodeRecord["size"] = node.size,
): NodeLayout {
  const w = nodeWidth(node, shape, size.w);
  if (node.collapsed) return collapsedLayout(shape, w);
  const rows = Math.max(shape.sockets.length, shape.outputs.length);
  const top = GAP + rows * ROW;
  const widgets = shownWidgets(shape);
  const fixed = measure(widgets, top, TEXT_MIN);
  const strips = stripsHeight(extras);
  const reserved = wantsPicture(shape);
  const preview = previewHeight(extras, w, reserved && size.h - fixed - strips >= PREVIEW_MIN);
  const bottom = preview ? 0 : widgets.length ? PAD - GAP : GAP;
  const least = fixed + preview + strips + bottom;
  const unsized = size.h <= 0 ? measure(widgets, top, TEXT_DEFAULT) + preview + strips + bottom : 0;
  const h = Math.max(least, unsized, size.h);
  const spare = h - least;
  return place(shape, { w, h, top, spare, preview, extras });
}

interface Plan {
  readonly w: number;
  readonly h: number;
  readonly top: number;
  readonly spare: number;
  readonly preview: number;
  readonly extras: NodeExtras;
}

function place(shape: NodeShape, plan: Plan): NodeLayout {
  const shown = shownWidgets(shape);
  const texts = shown.filter(isTall).length;
  const perText = texts && !plan.preview ? plan.spare / texts : 0;
  const inputs = new Map<string, Point>();
  for (const [i, socket] of shape.sockets.entries())
    inputs.set(socket.name, { x: 0, y: GAP + ROW * i + ROW / 2 });
  const widgets = new Map<string, Band>();
  let y = plan.top + GAP;
  for (const { name, socket, hidden } of shape.widgets) {
    if (hidden && socket) inputs.set(name, { x: 0, y: -TITLE / 2 });
  }
  for (const widget of shown) {
    const h = heightOf(widget, TEXT_MIN) + (isTall(widget) ? perText : 0);
    widgets.set(widget.name, { y, h });
    if (widget.socket) inputs.set(widget.name, { x: 0, y: y + ROW / 2 });
    y += h + GAP;
  }
  const { note, error } = plan.extras;
  const errorTop = plan.h - (error ? ERROR_HEIGHT : 0);
  const noteTop = errorTop - (note ? ROW : 0);
  return {
    w: plan.w,
    h: plan.h,
    collapsed: false,
    inputs,
    outputs: shape.outputs.map((_, i) => ({ x: plan.w, y: GAP + ROW * i + ROW / 2 })),
    widgets,
    preview: plan.preview ? { y, h: noteTop - y } : null,
    note: note ? { y: noteTop, h: ROW } : null,
    error: error ? { y: errorTop, h: ERROR_HEIGHT } : null,
  };
}

function collapsedLayout(shape: NodeShape, w: number): NodeLayout {
  const y = -TITLE / 2;
  const names = [...shape.sockets, ...shownWidgets(shape)].map((slot) => slot.name);
  return {
    w,
    h: 0,
    collapsed: true,
    inputs: new Map(names.map((name) => [name, { x: 0, y }])),
    outputs: shape.outputs.map(() => ({ x: w, y })),
    widgets: new Map(),
    preview: null,
    note: null,
    error: null,
  };
}

function nodeWidth(node: NodeRecord, shape: NodeShape, width: number): number {
  const least = node.type === REROUTE ? 80 : isSide(node.type) ? SIDE_WIDTH : MIN_WIDTH;
  if (width > 0) return Math.max(least, width);
  if (node.type === REROUTE || isSide(node.type)) return least;
  return shape.widgets.some(isTall) ? TEXT_DEFAULT_WIDTH : DEFAULT_WIDTH;
}

/** The widgets that have a row of their own in the node. */
export function shownWidgets({ widgets }: NodeShape): readonly WidgetShape[] {
  return widgets.some((widget) => widget.hidden) ? widgets.filter((widget) => !widget.hidden) : widgets;
}

function heightOf(widget: WidgetShape, text: number): number {
  switch (widget.spec.kind) {
    case "custom":
      return widget.spec.height;
    case "curve":
      return CURVE_HEIGHT;
    case "box":
      return BOX_HEIGHT + (widget.spec.onPicture ? GAP + PICTURE_HEIGHT : 0);
    case "boxes":
      return PICTURE_HEIGHT + 3 * (GAP + ROW);
    case "painter":
      return PICTURE_HEIGHT + GAP + ROW;
    default:
      return isTall(widget) ? text : ROW;
  }
}

export function isTall({ spec }: WidgetShape): boolean {
  switch (spec.kind) {
    case "text":
      return spec.multiline;
    case "custom":
      return spec.grows;
    case "box":
      return spec.onPicture;
    default:
      return spec.kind === "painter" || spec.kind === "boxes";
  }
}

/** Nodes at the end of a graph that take pictures keep room for showing them. */
export function wantsPicture(shape: NodeShape): boolean {
  return shape.def?.outputNode === true && shape.sockets.some((socket) => socket.type === "IMAGE");
}

function measure(widgets: readonly WidgetShape[], top: number, text: number): number {
  return widgets.reduce((y, widget) => y + heightOf(widget, text) + GAP, top + (widgets.length ? GAP : 0));
}

/** What lies at the bottom of the node, below everything else. */
function stripsHeight({ note, error }: NodeExtras): number {
  const height = (note ? ROW : 0) + (error ? ERROR_HEIGHT : 0);
  return height ? height + GAP : 0;
}

function previewHeight(extras: NodeExtras, w: number, reserved: boolean): number {
  if (extras.playerHeight) return extras.playerHeight;
  if (extras.previewAspect === null) return reserved ? PREVIEW_MIN : 0;
  return Math.round(clamp(w / extras.previewAspect, PREVIEW_MIN, w * 1.5));
}

/** The whole node with its title, in world space. */
export function frameOf(pos: Point, layout: NodeLayout): Rect {
  return { x: pos.x, y: pos.y - TITLE, w: layout.w, h: layout.h + TITLE };
}
