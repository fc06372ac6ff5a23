/** Carries what packs did to a node's plain members over to the document: widgets, slots, properties, places. */
import type { AddedWidget, Decoration } from "../../graph/decoration";
import type { WidgetShape } from "../../graph/nodeShape";
import type { NodeRecord } from "../../graph/records";
import type { WidgetSpec } from "../../graph/widgets";
import { isObject, type Json, type JsonObject } from "../../lib/json";
import { asJson, customSpec, DomWidget } from "./domWidget";
import type { LegacyNode } from "./node";
import {
  ControlWidget,
  isHidden,
  LegacyWidget,
  legacyType,
  optionsOf,
  valuesOf,
  type WidgetLike,
} from "./widget";

/** What was carried over last, to tell whether there is anything new. */
const carried = new WeakMap<LegacyNode, string>();
const ofDefinition = new WeakSet<WidgetLike>();

export function carryOver(node: LegacyNode): void {
  const { record } = node;
  if (!record) return;
  const decoration = decorationOf(node);
  const mark = JSON.stringify([
    decoration,
    [...decoration.hidden],
    [...decoration.removed],
    [...decoration.specs],
    [...decoration.labels],
  ]);
  if (carried.get(node) !== mark) {
    carried.set(node, mark);
    node.doc.decorate(node.key, isPlain(decoration) ? null : decoration);
  }
  const patch = patchOf(node, record);
  if (Object.keys(patch).length) node.patch(patch);
}

function isPlain({ added, hidden, removed, specs, labels }: Decoration): boolean {
  return !added.length && !hidden.size && !removed.size && !specs.size && !labels.size;
}

function decorationOf(node: LegacyNode): Decoration {
  const shape = node.doc.shape(node.key);
  const own = (shape?.widgets ?? []).filter((widget) => !widget.added);
  const present = new Set(node.widgets.map((widget) => widget.name));
  // What a pack has taken out of the list is not shown; widgets of the small API were never in it.
  const listed = own.filter(({ spec, type }) => spec.kind !== "custom" || node.world.widgetMakers.has(type));
  const hidden = new Set(listed.map((widget) => widget.name).filter((name) => !present.has(name)));
  const names = new Set(own.map((widget) => widget.name));
  const added: AddedWidget[] = [];
  const specs = new Map<string, WidgetSpec>();
  const labels = new Map<string, string>();
  for (const widget of node.widgets) {
    if (widget instanceof ControlWidget) continue;
    if (isHidden(widget)) hidden.add(widget.name);
    if (!ofDefinition.has(widget)) {
      // A pack's widget for an input of the definition takes the place that this has kept.
      if (names.has(widget.name)) specs.set(widget.name, customSpec(widget, node));
      else added.push(addedWidget(widget, node));
      continue;
    }
    const changed = changedSpec(widget);
    if (changed) specs.set(widget.name, changed);
    if (widget.label && widget.label !== widget.name) labels.set(widget.name, widget.label);
  }
  for (const slot of node.inputs)
    if (slot.label && slot.label !== slot.name) labels.set(slot.name, slot.label);
  const sockets = new Set(node.inputs.map((slot) => slot.name));
  const removed = new Set((node.doc.decoration(node.key)?.removed ?? []) as Iterable<string>);
  for (const socket of shape?.sockets ?? [])
    if (!sockets.has(socket.name) && !socket.extra) removed.add(socket.name);
  for (const name of sockets) removed.delete(name);
  return { added, hidden, removed, specs, labels, order: node.widgets.map((widget) => widget.name) };
}

function addedWidget(widget: WidgetLike, node: LegacyNode): AddedWidget {
  const plain = widget instanceof LegacyWidget;
  const isButton = widget.type === "button";
  return {
    name: widget.name,
    label: widget.label ?? widget.name,
    spec: plain ? (changedSpec(widget) ?? widget.spec) : customSpec(widget, node),
    sent: !isButton && widget.options?.serialize !== false,
    saved: widget.serialize !== false,
  };
}

/** Packs replace the list of a combo by writing to its options. */
function changedSpec(widget: WidgetLike): WidgetSpec | undefined {
  if (!(widget instanceof LegacyWidget) || widget.spec.kind !== "combo" || !widget.options.values)
    return undefined;
  const values = valuesOf(widget.options);
  const same =
    values.length === widget.spec.options.length &&
    values.every((v, i) => v === (widget.spec as { options: readonly Json[] }).options[i]);
  return same ? undefined : { ...widget.spec, options: values };
}

function patchOf(node: LegacyNode, record: NodeRecord): Partial<NodeRecord> {
  const patch: { -readonly [K in keyof NodeRecord]?: NodeRecord[K] } = {};
  const { pos, size } = node.written();
  if (pos) patch.pos = { x: pos[0], y: pos[1] };
  if (size) patch.size = { w: size[0], h: size[1] };
  const properties = asJson(node.properties) as JsonObject;
  if (JSON.stringify(properties) !== JSON.stringify(record.raw.properties ?? {})) {
    patch.raw = { ...record.raw, properties };
  }
  const values = outerValues(node, record);
  if (values) patch.values = values;
  return patch;
}

/** Widgets of packs' own keep their value to themselves; the document has a copy. */
function outerValues(node: LegacyNode, record: NodeRecord): NodeRecord["values"] | null {
  let values: Record<string, Json> | null = null;
  for (const widget of node.widgets) {
    if (widget instanceof LegacyWidget || widget instanceof ControlWidget || widget.type === "button")
      continue;
    const value = asJson(widget.value);
    if (JSON.stringify(value) === JSON.stringify(record.values[widget.name] ?? null)) continue;
    values ??= { ...record.values };
    values[widget.name] = value;
  }
  return values;
}

/** The widgets of the definition, as they are now, before those that packs have added. */
export function pullWidgets(node: LegacyNode): void {
  const shape = node.doc.shape(node.key);
  const { record } = node;
  if (!shape || !record) return;
  const own = shape.widgets.filter((widget) => !widget.added);
  const names = new Set(own.map((widget) => widget.name));
  const kept = node.widgets.filter((widget) => !ofDefinition.has(widget) || names.has(nameOf(widget)));
  const present = new Set(kept.map(nameOf));
  const hidden = node.doc.decoration(node.key)?.hidden;
  const isOurs = (widget: WidgetShape) => widget.spec.kind !== "custom";
  const fresh = own.filter(
    (widget) => isOurs(widget) && !present.has(widget.name) && !hidden?.has(widget.name),
  );
  const made = fresh.flatMap((widget): WidgetLike[] => {
    const shown = new LegacyWidget(
      node,
      widget.name,
      legacyType(widget),
      widget.spec,
      optionsOf(widget.spec),
    );
    const control = record.controls[widget.name] ? [new ControlWidget(node, widget.name)] : [];
    for (const one of [shown, ...control]) ofDefinition.add(one);
    return [shown, ...control];
  });
  if (!made.length && kept.length === node.widgets.length) return;
  node.widgets.splice(0, node.widgets.length, ...made, ...kept);
}

function nameOf(widget: WidgetLike): string {
  return widget instanceof ControlWidget ? widget.controls : widget.name;
}

/** What `onSerialize` adds to the file, and the values that live in packs' own widgets, just before it is written. */
export function beforeWriting(node: LegacyNode): void {
  carryOver(node);
  if (typeof (node as unknown as Record<string, unknown>).onSerialize !== "function") return;
  const { record } = node;
  if (!record) return;
  const written: Record<string, unknown> = { ...(node.serialize() as JsonObject) };
  const before = JSON.stringify(written);
  node.tell("onSerialize", written);
  if (JSON.stringify(written) === before) return;
  const known = new Set("id type pos size mode inputs outputs title color bgcolor order".split(" "));
  const extra = Object.fromEntries(Object.entries(written).filter(([key]) => !known.has(key)));
  const raw = asJson({ ...record.raw, ...extra });
  if (isObject(raw) && JSON.stringify(raw) !== JSON.stringify(record.raw)) node.patch({ raw });
}

/** Values that the file has behind those of the definition, for widgets that a pack has just added. */
export function fillAdded(node: LegacyNode, stored: readonly Json[]): void {
  const own = new Set(
    node.doc.shape(node.key)?.widgets.flatMap((widget) => (widget.added ? [] : widget.name)),
  );
  const isAdded = (widget: WidgetLike) => !ofDefinition.has(widget) && !own.has(widget.name);
  const saved = node.widgets.filter((widget) => isAdded(widget) && widget.serialize !== false);
  saved.forEach((widget, i) => {
    const value = stored[i];
    if (value === undefined || widget.type === "button") return;
    widget.value = value;
    if (widget instanceof DomWidget) widget.callback?.call(widget, value);
  });
}
