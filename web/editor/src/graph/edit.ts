/** The verbs of editing. Each takes the document and makes one transaction. */
import type { Point } from "../lib/geometry";
import type { Json } from "../lib/json";
import { controlHolder } from "./controls";
import type { GraphDocument, GraphTx } from "./document";
import type { PaletteColor } from "./palette";
import { addPort, listOnInstances } from "./ports";
import type { ControlMode, GroupRecord, LinkRecord, NodeId, NodeRecord, RerouteId } from "./records";
import { INPUT_SIDE, isSide, OUTPUT_SIDE } from "./sheets";
import { NEW_PORT } from "./subgraphShape";
import { compatible, isAny } from "./types";
import { VIRTUAL_DEFS } from "./virtualNodes";

export interface OutputRef {
  readonly node: NodeId;
  readonly output: number;
}
export interface InputRef {
  readonly node: NodeId;
  readonly input: string;
}

export function addNode(doc: GraphDocument, type: string, pos: Point, width = 0): NodeId {
  const def = doc.defs.get(type) ?? VIRTUAL_DEFS.get(type);
  const id = doc.nextNodeId();
  const values: Record<string, Json> = {};
  const controls: Record<string, ControlMode> = {};
  for (const input of def?.inputs ?? []) {
    if (!input.widget) continue;
    values[input.name] = input.widget.default;
    if (input.widget.control) controls[input.name] = input.widget.control;
  }
  const node: NodeRecord = {
    kind: "node",
    id,
    sheet: doc.sheet,
    type,
    title: null,
    pos,
    size: { w: width, h: 0 },
    mode: 0,
    collapsed: false,
    pinned: false,
    color: null,
    bgcolor: null,
    values,
    controls,
    inputs: [],
    outputs: [],
    raw: { properties: { "Node name for S&R": type } },
  };
  doc.transact("Add node", (tx) => tx.put(node));
  return id;
}

export function removeNodes(doc: GraphDocument, ids: Iterable<NodeId>): void {
  doc.transact("Delete", (tx) => {
    for (const id of ids) {
      if (isSide(doc.node(id)?.type ?? "")) continue;
      for (const link of doc.linksOf(id)) tx.remove(`link:${link.id}`);
      tx.remove(`node:${id}`);
    }
  });
}

export function canConnect(doc: GraphDocument, from: OutputRef, to: InputRef): boolean {
  const [output, input] = [doc.outputType(from.node, from.output), doc.inputType(to.node, to.input)];
  if (output === undefined || input === undefined || from.node === to.node) return false;
  // What goes straight through a subgraph has no node that makes it.
  if (isSide(doc.node(from.node)?.type ?? "") && isSide(doc.node(to.node)?.type ?? "")) return false;
  return compatible(output, input) && !reachable(doc, to.node, "downstream").has(from.node);
}

/** A link replaces the one that was there; `via` is the reroute that it comes from. Answers false, and changes nothing, when the ends do not fit. */
export function connect(
  doc: GraphDocument,
  from: OutputRef,
  to: InputRef,
  via: RerouteId | null = null,
): boolean {
  if (!canConnect(doc, from, to)) return false;
  const port = portFor(doc, from, to);
  if (port) {
    doc.transact("Connect", () => connect(doc, ...port(), via));
    return true;
  }
  const existing = doc.linkInto(to.node, to.input);
  if (existing?.from === from.node && existing.output === from.output && existing.parent === via) return true;
  const output = doc.outputType(from.node, from.output) ?? "*";
  const type = isAny(output) ? (doc.inputType(to.node, to.input) ?? "*") : output;
  doc.transact("Connect", (tx) => {
    if (existing) tx.remove(`link:${existing.id}`);
    const ends = { from: from.node, output: from.output, to: to.node, input: to.input };
    const sheet = doc.node(to.node)?.sheet ?? doc.sheet;
    const offered = doc
      .linksFrom(to.node)
      .map((link) => ({ link, before: doc.outputType(to.node, link.output) }));
    tx.put({ kind: "link", id: doc.nextLinkId(sheet), sheet, ...ends, type, parent: via, raw: null });
    for (const { link: next, before } of offered) {
      // An output that takes on the type of an input may not feed what it fed before.
      const now = doc.outputType(next.from, next.output);
      const wanted = doc.inputType(next.to, next.input);
      const fits = now === before || !now || !wanted || compatible(now, wanted);
      if (!fits) tx.remove(`link:${next.id}`);
    }
  });
  return true;
}

/** A link to the free slot of a side of a subgraph makes a port of it. Answers how, and the ends with that port. */
function portFor(doc: GraphDocument, from: OutputRef, to: InputRef): (() => [OutputRef, InputRef]) | null {
  const [origin, target] = [doc.node(from.node), doc.node(to.node)];
  const count = doc.definition(origin?.sheet ?? "")?.inputs.length;
  if (origin?.type === INPUT_SIDE && from.output === count)
    return () => {
      const type = doc.inputType(to.node, to.input) ?? "*";
      const name = addPort(doc, origin.sheet, "inputs", to.input.split(".").at(-1) ?? "", type);
      listOnInstances(doc, origin.sheet, name);
      return [from, to];
    };
  if (target?.type === OUTPUT_SIDE && to.input === NEW_PORT)
    return () => {
      const { label = "", type = "*" } = doc.shape(from.node)?.outputs[from.output] ?? {};
      return [from, { node: to.node, input: addPort(doc, target.sheet, "outputs", label, type) }];
    };
  return null;
}

export function disconnect(doc: GraphDocument, link: LinkRecord): void {
  doc.transact("Disconnect", (tx) => tx.remove(`link:${link.id}`));
}

/** The node itself and all that lies before or behind it. A link back into these would close a circle. */
export function reachable(
  doc: GraphDocument,
  start: NodeId,
  direction: "upstream" | "downstream",
): Set<NodeId> {
  const seen = new Set<NodeId>([start]);
  for (const id of seen) {
    for (const link of doc.linksOf(id)) {
      if (direction === "downstream" && link.from === id) seen.add(link.to);
      if (direction === "upstream" && link.to === id) seen.add(link.from);
    }
  }
  return seen;
}

/** Links into inputs that go with the value, as those of another branch do, go too. */
export function setValue(doc: GraphDocument, id: NodeId, name: string, value: Json, mergeKey?: string): void {
  const edit = (tx: GraphTx) => {
    const node = doc.node(id);
    if (!node) return;
    tx.put({ ...node, values: { ...node.values, [name]: value } });
    for (const link of [...doc.linksOf(id)]) {
      const isGone = link.to === id && link.input.startsWith(`${name}.`) && !doc.inputType(id, link.input);
      if (isGone) tx.remove(`link:${link.id}`);
    }
  };
  doc.transact(`Change ${name}`, edit, mergeKey);
}

export function setControl(doc: GraphDocument, id: NodeId, name: string, mode: ControlMode): void {
  const [holder, widget] = controlHolder(doc, id, name);
  update(doc, `Change ${name}`, holder, (node) => ({
    ...node,
    controls: { ...node.controls, [widget]: mode },
  }));
}

export function setTitle(doc: GraphDocument, id: NodeId, title: string): void {
  update(doc, "Rename node", id, (node) => ({ ...node, title: title.trim() || null }));
}

export function setCollapsed(doc: GraphDocument, id: NodeId, collapsed: boolean): void {
  update(doc, collapsed ? "Collapse" : "Expand", id, (node) => ({ ...node, collapsed }));
}

/** Pins all, or lets all go when all of them are pinned. */
export function togglePinned(doc: GraphDocument, ids: Iterable<NodeId>): void {
  const nodes = [...ids].flatMap((id) => doc.node(id) ?? []);
  const pinned = nodes.some((node) => !node.pinned);
  doc.transact(pinned ? "Pin" : "Unpin", (tx) => {
    for (const node of nodes) tx.put({ ...node, pinned });
  });
}

/** Null takes the colour away. */
export function setColor(doc: GraphDocument, ids: Iterable<NodeId>, color: PaletteColor | null): void {
  doc.transact("Colour", (tx) => {
    for (const id of ids) {
      const node = doc.node(id);
      if (node) tx.put({ ...node, color: color?.title ?? null, bgcolor: color?.body ?? null });
    }
  });
}

export function resizeNode(doc: GraphDocument, id: NodeId, size: NodeRecord["size"]): void {
  update(doc, "Resize", id, (node) => ({ ...node, size }));
}

/** Sets the mode on all, or back to normal when all of them have it already. */
export function toggleMode(doc: GraphDocument, ids: readonly NodeId[], mode: number, label: string): void {
  const nodes = ids.flatMap((id) => doc.node(id) ?? []).filter(({ type }) => !isSide(type));
  const next = nodes.every((node) => node.mode === mode) ? 0 : mode;
  doc.transact(label, (tx) => {
    for (const node of nodes) tx.put({ ...node, mode: next });
  });
}

export function moveBy(
  doc: GraphDocument,
  ids: Iterable<NodeId>,
  by: Point,
  groups: readonly GroupRecord[] = [],
  mergeKey?: string,
  reroutes: Iterable<RerouteId> = [],
): void {
  if (!by.x && !by.y) return;
  doc.transact(
    "Move",
    (tx) => {
      for (const id of ids) {
        const node = doc.node(id);
        if (node) tx.put({ ...node, pos: { x: node.pos.x + by.x, y: node.pos.y + by.y } });
      }
      for (const id of reroutes) {
        const reroute = doc.reroute(id);
        if (reroute) tx.put({ ...reroute, pos: { x: reroute.pos.x + by.x, y: reroute.pos.y + by.y } });
      }
      for (const group of groups) {
        tx.put({ ...group, rect: { ...group.rect, x: group.rect.x + by.x, y: group.rect.y + by.y } });
      }
    },
    mergeKey,
  );
}

function update(
  doc: GraphDocument,
  label: string,
  id: NodeId,
  change: (node: NodeRecord) => NodeRecord,
  mergeKey?: string,
): void {
  const node = doc.node(id);
  if (!node) return;
  doc.transact(label, (tx: GraphTx) => tx.put(change(node)), mergeKey);
}
