/** The verbs of subgraphs: nodes become one, one becomes nodes again, and one definition has many instances. */
import { type Point, type Rect, union } from "../lib/geometry";
import { randomUuid } from "../lib/ids";
import type { GraphDocument, GraphTx } from "./document";
import { connect } from "./edit";
import { sideNode } from "./formats/readSheet";
import { graft } from "./graft";
import { freeName } from "./ports";
import { promotionPlaces } from "./promotions";
import {
  bareNode,
  type GraphRecord,
  type GroupId,
  type LinkRecord,
  type NodeId,
  type NodeRecord,
  type Port,
  ROOT,
  type SheetId,
  type SheetRecord,
} from "./records";
import { chainOf } from "./rerouteChains";
import { INPUT_SIDE, inputSide, isSide, OUTPUT_SIDE, outputSide } from "./sheets";

const ROOM = 80;
const SIDE_WIDTH = 160;
/** About as large as an instance will be. */
const INSTANCE = { w: 260, h: 120 };

/** Where the nodes lie, as the caller knows it: the document does not know how large they are drawn. */
export interface Selected {
  readonly nodes: ReadonlySet<NodeId>;
  readonly groups?: ReadonlySet<GroupId>;
  readonly bounds?: Rect;
}

/** Answers the instance that takes the place of the nodes; null when there is nothing to take the place of. */
export function convertToSubgraph(doc: GraphDocument, selected: Selected, name = "Subgraph"): NodeId | null {
  const nodes = [...selected.nodes].flatMap((id) => doc.node(id) ?? []).filter(({ type }) => !isSide(type));
  const outer = nodes[0]?.sheet;
  if (outer === undefined) return null;
  const inside = new Set(nodes.map(({ id }) => id));
  const bounds = selected.bounds ?? boundsOf(nodes);
  const wall = throughTheWall(doc, inside);
  const sheet: SheetRecord = {
    kind: "sheet",
    id: randomUuid(),
    name,
    inputs: wall.inputs.map(({ port }) => port),
    outputs: wall.outputs.map(({ port }) => port),
    raw: { version: 1, revision: 0, config: {}, widgets: [], extra: {} },
  };
  const middle = centre(boundsOf(nodes));
  const corner = { x: Math.floor(middle.x - INSTANCE.w / 2), y: Math.floor(middle.y - INSTANCE.h / 2) };
  const instance = newInstance(doc, sheet.id, outer, corner);
  doc.transact("Convert to subgraph", (tx) => {
    tx.put(sheet);
    tx.put(sideNode(sheet.id, INPUT_SIDE, { x: bounds.x - ROOM - SIDE_WIDTH, y: bounds.y + ROOM / 2 }));
    tx.put(sideNode(sheet.id, OUTPUT_SIDE, { x: bounds.x + bounds.w + ROOM, y: bounds.y + ROOM / 2 }));
    const records = [...nodes, ...innerLinks(doc, inside), ...innerReroutes(doc, inside)];
    const groups = [...(selected.groups ?? [])].flatMap((id) => doc.group(id) ?? []);
    const ids = graft(doc, tx, [...records, ...groups], { sheet: sheet.id, keepIds: true });
    tx.put(instance);
    linkWall(doc, tx, wall, sheet, instance.id, ids);
    for (const group of groups) tx.remove(`group:${group.id}`);
    for (const id of inside) {
      for (const link of [...doc.linksOf(id)]) tx.remove(`link:${link.id}`);
      tx.remove(`node:${id}`);
    }
  });
  return instance.id;
}

interface Crossing {
  readonly port: Port;
  readonly links: readonly LinkRecord[];
}

interface Wall {
  readonly inputs: readonly Crossing[];
  readonly outputs: readonly Crossing[];
}

/** One port for each output, outside or inside, that links lead from through the wall; from top to bottom, as nodes lie. */
function throughTheWall(doc: GraphDocument, inside: ReadonlySet<NodeId>): Wall {
  const height = ({ from, to }: LinkRecord) => doc.node(inside.has(to) ? to : from)?.pos.y ?? 0;
  const links = [...doc.links()]
    .filter((link) => inside.has(link.from) !== inside.has(link.to))
    .sort((a, b) => height(a) - height(b));
  const incoming = bySource(links.filter((link) => inside.has(link.to)));
  const outgoing = bySource(links.filter((link) => inside.has(link.from)));
  const inputs: Crossing[] = [];
  for (const group of incoming) {
    const [first] = group;
    const type = doc.inputType(first.to, first.input) ?? first.type;
    const shown = first.input.split(".").at(-1) ?? first.input;
    inputs.push({ port: newPort(inputs, shown || first.type.toLowerCase(), type), links: group });
  }
  const outputs: Crossing[] = [];
  for (const group of outgoing) {
    const [first] = group;
    const { label = first.type, type = first.type } = doc.shape(first.from)?.outputs[first.output] ?? {};
    outputs.push({ port: newPort(outputs, label || type, type), links: group });
  }
  return { inputs, outputs };
}

function bySource(links: readonly LinkRecord[]): [LinkRecord, ...LinkRecord[]][] {
  const groups = new Map<string, [LinkRecord, ...LinkRecord[]]>();
  for (const link of links) {
    const key = `${link.from}\n${link.output}`;
    const group = groups.get(key);
    if (group) group.push(link);
    else groups.set(key, [link]);
  }
  return [...groups.values()];
}

function newPort(before: readonly Crossing[], wanted: string, type: string): Port {
  const ports = before.map(({ port }) => port);
  const name = freeName(ports, wanted);
  return { name, label: null, type, raw: { id: randomUuid(), name, type, linkIds: [] } };
}

function linkWall(
  doc: GraphDocument,
  tx: GraphTx,
  { inputs, outputs }: Wall,
  { id: sheet }: SheetRecord,
  instance: NodeId,
  ids: ReadonlyMap<NodeId, NodeId>,
): void {
  const put = (on: SheetId, ends: Pick<LinkRecord, "from" | "output" | "to" | "input" | "type" | "parent">) =>
    tx.put({ kind: "link", id: doc.nextLinkId(on), sheet: on, raw: null, ...ends });
  const outer = doc.node(instance)?.sheet ?? ROOT;
  inputs.forEach(({ port, links }, output) => {
    for (const { to, input, type } of links)
      put(sheet, { from: inputSide(sheet), output, to: ids.get(to) ?? to, input, type, parent: null });
    const [first] = links;
    if (first) put(outer, { ...ends(first), to: instance, input: port.name });
  });
  outputs.forEach(({ port, links }, output) => {
    const [first] = links;
    if (!first) return;
    const from = ids.get(first.from) ?? first.from;
    const inner = { from, output: first.output, to: outputSide(sheet), input: port.name };
    put(sheet, { ...inner, type: first.type, parent: null });
    for (const link of links) put(outer, { ...ends(link), from: instance, output });
  });
}

function ends({ from, output, to, input, type, parent }: LinkRecord) {
  return { from, output, to, input, type, parent };
}

function innerLinks(doc: GraphDocument, inside: ReadonlySet<NodeId>): LinkRecord[] {
  return [...doc.links()].filter((link) => inside.has(link.from) && inside.has(link.to));
}

/** The reroutes that only links inside go through. */
function innerReroutes(doc: GraphDocument, inside: ReadonlySet<NodeId>): GraphRecord[] {
  const crossing = [...doc.links()].filter((link) => !inside.has(link.from) || !inside.has(link.to));
  const kept = new Set(crossing.flatMap((link) => chainOf(doc, link.parent)));
  const own = innerLinks(doc, inside).flatMap((link) => chainOf(doc, link.parent));
  return [...new Set(own)].filter((reroute) => !kept.has(reroute));
}

function boundsOf(nodes: readonly NodeRecord[]): Rect {
  const rects = nodes.map(({ pos, size }) => ({ ...pos, w: size.w || 260, h: size.h || 120 }));
  return union(rects) ?? { x: 0, y: 0, w: 0, h: 0 };
}

function centre({ x, y, w, h }: Rect): Point {
  return { x: x + w / 2, y: y + h / 2 };
}

function newInstance(doc: GraphDocument, type: SheetId, sheet: SheetId, pos: Point): NodeRecord {
  return bareNode(doc.nextNodeId(sheet), sheet, type, pos, { properties: {} });
}

/** Another instance of a definition, on the open sheet; null inside the subgraph itself. */
export function addInstance(doc: GraphDocument, type: SheetId, pos: Point): NodeId | null {
  if (!doc.definition(type) || contains(doc, type, doc.sheet)) return null;
  const node = newInstance(doc, type, doc.sheet, pos);
  doc.transact("Add node", (tx) => tx.put(node));
  return node.id;
}

/** Whether a sheet is inside a subgraph, at whatever depth, or is it itself. */
export function contains(doc: GraphDocument, outer: SheetId, sheet: SheetId): boolean {
  const seen = new Set([outer]);
  for (const id of seen) {
    if (id === sheet) return true;
    for (const node of doc.on(id, "node")) if (doc.definition(node.type)) seen.add(node.type);
  }
  return false;
}

/** What is inside lies around where the instance was, with the values that it held. A definition that nothing uses leaves. */
export function unpackSubgraph(doc: GraphDocument, id: NodeId): NodeId[] {
  const instance = doc.node(id);
  const sheet = instance && doc.definition(instance.type);
  if (!instance || !sheet) return [];
  const inner = [...doc.on(sheet.id, "node")].filter(({ type }) => !isSide(type));
  const { pos, size } = instance;
  const here = centre({ ...pos, w: size.w || INSTANCE.w, h: size.h || INSTANCE.h });
  const there = centre(boundsOf(inner));
  const by = { x: Math.round(here.x - there.x), y: Math.round(here.y - there.y) };
  const outer = instance.sheet;
  let unpacked: NodeId[] = [];
  doc.transact("Unpack subgraph", (tx) => {
    const held = withPromoted(doc, instance, sheet, inner);
    const others = (["link", "reroute", "group"] as const).flatMap((kind) => [...doc.on(sheet.id, kind)]);
    const ids = graft(doc, tx, [...held, ...others], { sheet: outer, by });
    unpacked = [...ids.values()];
    rejoin(doc, instance, sheet, ids);
    for (const link of [...doc.linksOf(id)]) tx.remove(`link:${link.id}`);
    tx.remove(`node:${id}`);
    if (!doc.instancesOf(sheet.id).length) removeDefinition(doc, tx, sheet.id);
  });
  return unpacked;
}

function withPromoted(
  doc: GraphDocument,
  instance: NodeRecord,
  sheet: SheetRecord,
  nodes: readonly NodeRecord[],
): NodeRecord[] {
  const places = promotionPlaces(instance, sheet, doc);
  return nodes.map((node) => {
    const values = { ...node.values };
    for (const place of places) {
      const value = place?.node === node.id ? instance.values[place.key] : undefined;
      if (place && value !== undefined && value !== null) values[place.widget.name] = value;
    }
    return { ...node, values };
  });
}

/** Links what was linked through the wall. */
function rejoin(
  doc: GraphDocument,
  instance: NodeRecord,
  sheet: SheetRecord,
  ids: ReadonlyMap<NodeId, NodeId>,
): void {
  for (const link of doc.linksFrom(inputSide(sheet.id))) {
    const port = sheet.inputs[link.output];
    const outer = port && doc.linkInto(instance.id, port.name);
    const to = ids.get(link.to);
    if (outer && to)
      connect(doc, { node: outer.from, output: outer.output }, { node: to, input: link.input }, outer.parent);
  }
  sheet.outputs.forEach((port, output) => {
    const inner = doc.linkInto(outputSide(sheet.id), port.name);
    const from = inner && ids.get(inner.from);
    if (!inner || !from) return;
    for (const link of doc.linksFrom(instance.id).filter((one) => one.output === output))
      connect(doc, { node: from, output: inner.output }, { node: link.to, input: link.input }, link.parent);
  });
}

/** All that lies on its sheet leaves too; what other definitions it used stays. */
export function removeDefinition(doc: GraphDocument, tx: GraphTx, sheet: SheetId): void {
  for (const kind of ["node", "link", "reroute", "group"] as const)
    for (const record of [...doc.on(sheet, kind)]) tx.remove(`${kind}:${record.id}`);
  tx.remove(`sheet:${sheet}`);
}

/** Instances that show the old name show the new one. */
export function renameSubgraph(doc: GraphDocument, sheet: SheetId, name: string): void {
  const before = doc.definition(sheet);
  const next = name.trim();
  if (!before || !next) return;
  doc.transact("Rename subgraph", (tx) => {
    tx.put({ ...before, name: next });
    for (const id of doc.instancesOf(sheet)) {
      const node = doc.node(id);
      if (node?.title === before.name) tx.put({ ...node, title: null });
    }
  });
}
