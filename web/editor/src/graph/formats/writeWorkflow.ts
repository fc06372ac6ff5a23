/** Writes a document as a litegraph 0.4 workflow file, with everything that was read and not understood in its place. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import { addedValues } from "../decoration";
import type { GraphDocument } from "../document";
import type { GroupRecord, LinkRecord, NodeRecord } from "../records";
import { VIRTUAL_DEFS } from "../virtualNodes";
import { placesOf } from "./places";

export function writeWorkflow(doc: GraphDocument, only?: ReadonlySet<string>): JsonObject {
  doc.writing.emit();
  const nodes = [...doc.nodes()].filter((node) => !only || only.has(node.id));
  const ids = new Set(nodes.map((node) => node.id));
  const links = [...doc.links()].filter((link) => ids.has(link.from) && ids.has(link.to));
  links.sort((a, b) => Number(a.id) - Number(b.id));
  const inputs = new Map(nodes.map((node) => [node.id, inputNames(node, doc)]));
  const { node: last_node_id, link: last_link_id } = doc.lastIds;
  return {
    ...doc.root,
    last_node_id,
    last_link_id,
    nodes: nodes.map((node, order) => writeNode(node, order, doc, links, inputs.get(node.id) ?? [])),
    links: links.map((link) => writeLink(link, doc, inputs.get(link.to) ?? [])),
    groups: only ? [] : [...doc.groups()].map(writeGroup),
    config: doc.root.config ?? {},
    extra: doc.root.extra ?? {},
    version: 0.4,
  };
}

function writeNode(
  node: NodeRecord,
  order: number,
  doc: GraphDocument,
  links: readonly LinkRecord[],
  inputs: readonly string[],
): JsonObject {
  const { id, widgets_values: oldValues, flags: oldFlags, ...rest } = node.raw;
  const marks = { collapsed: node.collapsed || undefined, pinned: node.pinned || undefined };
  const flags = { ...(isObject(oldFlags) ? oldFlags : {}), ...marks };
  const values = writeValues(node, doc, oldValues);
  const named = isObject(rest.widgets_values_named)
    ? { ...rest.widgets_values_named, ...node.values }
    : undefined;
  return {
    id: id ?? fileId(node.id),
    type: node.type,
    pos: [node.pos.x, node.pos.y],
    size: [node.size.w, node.size.h],
    flags,
    order,
    ...rest,
    mode: node.mode,
    ...(node.title === null ? {} : { title: node.title }),
    ...(node.color === null ? {} : { color: node.color }),
    ...(node.bgcolor === null ? {} : { bgcolor: node.bgcolor }),
    inputs: inputs.map((name) => writeInput(node, name, doc, links)),
    outputs: writeOutputs(node, doc, links),
    ...(named ? { widgets_values_named: named } : {}),
    ...(values === undefined ? {} : { widgets_values: values }),
  };
}

function writeValues(node: NodeRecord, doc: GraphDocument, old: Json | undefined): Json | undefined {
  const def = doc.defs.get(node.type) ?? VIRTUAL_DEFS.get(node.type);
  if (!def) return old;
  if (isObject(old)) return { ...old, ...node.values };
  const kept = isArray(old) ? old : [];
  const places = placesOf(node.type, def, node.values);
  const added = addedValues(node, doc.decoration(node.id));
  if (!places.length && !added.length) return old;
  const array = places.map((place, i): Json => {
    if (place.kind === "value") return node.values[place.name] ?? place.spec?.default ?? null;
    if (place.kind === "control") return node.controls[place.name] ?? kept[i] ?? null;
    return kept[i] ?? null;
  });
  // Places at the end that are no inputs are not invented, only kept.
  const written = added.length
    ? places.length
    : places.findLastIndex((place, i) => place.kind !== "other" || i < kept.length) + 1;
  return [...array.slice(0, written), ...added, ...kept.slice(places.length + added.length)];
}

/** The saved slots in their order, then the sockets and linked widgets that the file did not have. */
function inputNames(node: NodeRecord, doc: GraphDocument): string[] {
  const names = node.inputs.map((slot) => slot.name);
  const shape = doc.shape(node.id);
  for (const socket of shape?.sockets ?? []) if (!names.includes(socket.name)) names.push(socket.name);
  for (const widget of shape?.widgets ?? []) {
    if (!names.includes(widget.name) && doc.linkInto(node.id, widget.name)) names.push(widget.name);
  }
  return names;
}

function writeInput(
  node: NodeRecord,
  name: string,
  doc: GraphDocument,
  links: readonly LinkRecord[],
): JsonObject {
  const saved = node.inputs.find((slot) => slot.name === name);
  const link = doc.linkInto(node.id, name);
  const id = link && links.includes(link) ? fileId(link.id) : null;
  if (saved) return { ...saved.raw, link: id };
  const shape = doc.shape(node.id);
  const widget = shape?.widgets.find((w) => w.name === name);
  const socket = shape?.sockets.find((s) => s.name === name);
  return {
    name,
    type: widget?.type ?? socket?.type ?? "*",
    ...(socket?.optional ? { shape: 7 } : {}),
    ...(widget ? { widget: { name } } : {}),
    link: id,
  };
}

function writeOutputs(node: NodeRecord, doc: GraphDocument, links: readonly LinkRecord[]): JsonObject[] {
  return (doc.shape(node.id)?.outputs ?? []).map((output, index) => {
    const raw = node.outputs[index]?.raw ?? { name: output.label, type: output.type };
    const out = links
      .filter((link) => link.from === node.id && link.output === index)
      .map((link) => fileId(link.id));
    return { ...raw, links: out.length ? out : null };
  });
}

function writeLink(link: LinkRecord, doc: GraphDocument, inputs: readonly string[]): Json {
  const [from, to] = [doc.node(link.from)?.raw.id, doc.node(link.to)?.raw.id];
  return [
    fileId(link.id),
    from ?? fileId(link.from),
    link.output,
    to ?? fileId(link.to),
    inputs.indexOf(link.input),
    link.type,
  ];
}

function writeGroup(group: GroupRecord): JsonObject {
  const { x, y, w, h } = group.rect;
  const color = group.color === null ? {} : { color: group.color };
  return { ...group.raw, title: group.title, bounding: [x, y, w, h], ...color };
}

/** Ids are numbers in the file wherever they can be. */
function fileId(id: string): number | string {
  return /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}
