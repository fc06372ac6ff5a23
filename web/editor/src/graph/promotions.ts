/**
 * Widgets of inner nodes that show on the instance of a subgraph. A promotion is a reference: until the instance holds a
 * value of its own, what shows and counts is the inner node's.
 */
import { isArray, isObject, type Json } from "../lib/json";
import type { ShapeContext, WidgetShape } from "./nodeShape";
import type { LinkRecord, NodeId, NodeRecord, Port, SheetRecord } from "./records";
import { idOn, inputSide } from "./sheets";

export interface Promotion {
  /** What the value is called among the instance's values. */
  readonly key: string;
  /** The instance's input of that name, which a link may feed; null for a widget that is shown without one. */
  readonly port: string | null;
  readonly node: NodeId;
  readonly widget: WidgetShape;
}

/** One for each place in the instance's `widgets_values`; undefined where a place has no value, like that of a preview. */
export function promotionPlaces(
  node: NodeRecord,
  sheet: SheetRecord,
  doc: ShapeContext,
): (Promotion | undefined)[] {
  const entries = proxiesOf(node);
  if (entries) return entries.map((entry) => proxied(entry, sheet, doc));
  return sheet.inputs.flatMap((port) => portPromotion(port, sheet, doc) ?? []);
}

/** `properties.proxyWidgets`; undefined where a file has none, and each input that leads to a widget has a place. */
export function proxiesOf(node: NodeRecord): readonly Json[] | undefined {
  const { properties } = node.raw;
  return isObject(properties) && isArray(properties.proxyWidgets) ? properties.proxyWidgets : undefined;
}

export function proxyKey(localNode: string, widget: string): string {
  return `${localNode}:${widget}`;
}

function proxied(entry: Json, sheet: SheetRecord, doc: ShapeContext): Promotion | undefined {
  if (!isArray(entry) || entry.length < 2) return undefined;
  const [inner, name] = [String(entry[0]), String(entry[1])];
  if (name.startsWith("$$")) return undefined;
  if (inner === "-1") {
    const port = sheet.inputs.find((one) => one.name === name);
    return port && portPromotion(port, sheet, doc);
  }
  const node = idOn(sheet.id, inner);
  const widgets = doc.shape(node)?.widgets ?? [];
  const isPrimitive = widgets.length === 1 && widgets[0]?.name === "value";
  const widget = widgets.find((one) => one.name === name) ?? (isPrimitive ? widgets[0] : undefined);
  return widget && { key: proxyKey(inner, name), port: null, node, widget };
}

/** The first inner widget that an input of the subgraph feeds. */
export function portPromotion(port: Port, sheet: SheetRecord, doc: ShapeContext): Promotion | undefined {
  for (const link of linksOfPort(port, sheet, doc)) {
    const widget = doc.shape(link.to)?.widgets.find((one) => one.name === link.input);
    if (widget) return { key: port.name, port: port.name, node: link.to, widget };
  }
  return undefined;
}

/** In the order in which the file lists them, new ones last: the first counts. */
export function linksOfPort(port: Port, sheet: SheetRecord, doc: ShapeContext): LinkRecord[] {
  const index = sheet.inputs.indexOf(port);
  const order = isArray(port.raw.linkIds) ? port.raw.linkIds.map((id) => idOn(sheet.id, String(id))) : [];
  const rank = (link: LinkRecord) => (order.includes(link.id) ? order.indexOf(link.id) : order.length);
  return doc
    .linksFrom(inputSide(sheet.id))
    .filter((link) => link.output === index)
    .sort((a, b) => rank(a) - rank(b));
}

/** What a promoted widget holds while the instance has no value of its own. */
export function innerValue({ node, widget }: Promotion, doc: ShapeContext): Json {
  return doc.node(node)?.values[widget.name] ?? widget.spec.default;
}
