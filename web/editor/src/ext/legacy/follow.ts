/** Tells the objects of packs what happens in the open document, a moment after it has happened. */
import type { GraphDiff, GraphDocument } from "../../graph/document";
import type { LinkRecord, NodeId, NodeRecord } from "../../graph/records";
import { isSide } from "../../graph/sheets";
import { guarded } from "../guard";
import { beforeWriting } from "./carry";
import { invoke } from "./extensions";
import type { LegacyGraph } from "./graph";
import type { LegacyNode } from "./node";
import { inputNames, legacyLink } from "./slots";
import type { LegacyWorld } from "./world";

/** Until the answered function is called. */
export function followDocument(doc: GraphDocument, world: LegacyWorld, graph: LegacyGraph): () => void {
  let loading = false;
  let writing = false;
  const offs = [
    doc.replacing.on(() => {
      loading = true;
      world.forgetAll();
    }),
    doc.store.changed.on((diff) => {
      const byPack = world.writing > 0;
      if (!loading) queueMicrotask(() => tell(diff, byPack, world, graph));
      else queueMicrotask(() => adoptAll(doc, world, graph));
      loading = false;
    }),
    doc.touched.on((ids) => queueMicrotask(() => pull(ids, world))),
    doc.writing.on(() => {
      if (writing) return;
      writing = true;
      for (const node of world.nodes) beforeWriting(node);
      writing = false;
    }),
  ];
  return () => {
    for (const off of offs) off();
  };
}

/** All nodes of a document that was just opened. */
export function adoptAll(doc: GraphDocument, world: LegacyWorld, graph: LegacyGraph): void {
  if (doc !== world.doc) return;
  world.forgetAll();
  const { app } = graph;
  if (app) app.configuringGraph = true;
  invoke("beforeConfigureGraph", graph.serialize(), [], app);
  world.adopt([...doc.nodes()], true);
  if (app) app.configuringGraph = false;
  invoke("afterConfigureGraph", [], app);
  world.settleSoon();
}

function pull(ids: ReadonlySet<NodeId>, world: LegacyWorld): void {
  for (const id of ids) {
    const node = world.node(id);
    if (node?.record) node.pull();
  }
}

function tell(diff: GraphDiff, byPack: boolean, world: LegacyWorld, graph: LegacyGraph): void {
  const fresh: NodeRecord[] = [];
  for (const { before, after } of diff.values()) {
    if (before?.kind === "node" && !after) gone(before, world, graph);
    if (after?.kind === "node" && !before && isFresh(after, world)) fresh.push(after);
  }
  if (fresh.length) world.adopt(fresh, false);
  for (const { id } of fresh) {
    const node = world.node(id);
    if (node) guarded("onNodeAdded", node.pack, () => graph.onNodeAdded?.(node));
  }
  for (const { before, after } of diff.values()) {
    if (before?.kind === "link") linked(before, false, world);
    if (after?.kind === "link") linked(after, true, world);
    if (!byPack && before?.kind === "node" && after?.kind === "node") values(before, after, world);
  }
  world.settleSoon();
}

function isFresh({ id, type }: NodeRecord, world: LegacyWorld): boolean {
  return !isSide(type) && world.doc.node(id) !== undefined && !world.node(id);
}

function gone(record: NodeRecord, world: LegacyWorld, graph: LegacyGraph): void {
  const node = world.forget(record.id);
  if (!node) return;
  node.tell("onRemoved");
  guarded("onNodeRemoved", node.pack, () => graph.onNodeRemoved?.(node));
}

const [INPUT, OUTPUT] = [1, 2];

function linked(link: LinkRecord, made: boolean, world: LegacyWorld): void {
  const info = legacyLink(world.doc, link);
  const [from, to] = [world.node(link.from), world.node(link.to)];
  const index = inputNames(world.doc, link.to).indexOf(link.input);
  if (to?.record && index >= 0) to.tell("onConnectionsChange", INPUT, index, made, info, to.inputs[index]);
  if (from?.record)
    from.tell("onConnectionsChange", OUTPUT, link.output, made, info, from.outputs[link.output]);
}

/** A person changed values, or undid a change: the widgets' callbacks hear of it. */
function values(before: NodeRecord, after: NodeRecord, world: LegacyWorld): void {
  if (before.values === after.values) return;
  const node = world.node(after.id);
  for (const [name, value] of Object.entries(after.values)) {
    if (before.values[name] === value || !node) continue;
    heard(node, name, value, before.values[name], world);
  }
}

function heard(node: LegacyNode, name: string, value: unknown, before: unknown, world: LegacyWorld): void {
  const widget = node.widgets.find((candidate) => candidate.name === name);
  if (!widget) return;
  world.quietly(world.doc, () => {
    const call = () => widget.callback?.call(widget, value, world.canvas, node, node.pos, undefined);
    guarded(`${node.type} ${name}`, node.pack, call);
    node.tell("onWidgetChanged", name, value, before, widget);
  });
}
