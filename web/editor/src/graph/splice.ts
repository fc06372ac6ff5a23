/** Nodes put into links, and taken out of them without leaving a gap. */
import type { Point } from "../lib/geometry";
import type { GraphDocument } from "./document";
import { addNode, connect, disconnect, removeNodes } from "./edit";
import { bypassInput } from "./formats/promptScopes";
import type { LinkRecord, NodeId } from "./records";
import { isSide } from "./sheets";
import { compatible } from "./types";

/** Puts a new node between the ends of a link. */
export function insertInLink(doc: GraphDocument, link: LinkRecord, type: string, pos: Point): NodeId {
  let id = "";
  doc.transact("Add node", () => {
    id = addNode(doc, type, pos);
    splice(doc, link, id);
  });
  return id;
}

/** The slots by which a node fits between the ends of a link: open ones, those of the very type first. */
export function spliceSlots(
  doc: GraphDocument,
  link: LinkRecord,
  id: NodeId,
): { readonly input: string; readonly output: number } | null {
  if (link.from === id || link.to === id) return null;
  const made = doc.outputType(link.from, link.output) ?? link.type;
  const wanted = doc.inputType(link.to, link.input) ?? link.type;
  const shape = doc.shape(id);
  const inputs = shape?.sockets.filter(({ name, type }) => compatible(made, type) && !doc.linkInto(id, name));
  const outputs = shape?.outputs.filter(({ type }) => compatible(type, wanted));
  const input = inputs?.find(({ type }) => type === made) ?? inputs?.[0];
  const output = outputs?.find(({ type }) => type === wanted) ?? outputs?.[0];
  return input && output ? { input: input.name, output: output.index } : null;
}

/** Leads a link through a node that is there already. Answers false, and changes nothing, where it does not fit. */
export function splice(doc: GraphDocument, link: LinkRecord, id: NodeId): boolean {
  const slots = spliceSlots(doc, link, id);
  if (!slots) return false;
  doc.transact("Insert node", () => {
    disconnect(doc, link);
    connect(doc, { node: link.from, output: link.output }, { node: id, input: slots.input }, link.parent);
    connect(doc, { node: id, output: slots.output }, { node: link.to, input: link.input });
  });
  return true;
}

/** What fed a node feeds what it fed, wherever bypassing it would do that. */
export function removeAndReconnect(doc: GraphDocument, ids: Iterable<NodeId>): void {
  doc.transact("Delete and reconnect", () => {
    for (const id of ids) {
      const node = doc.node(id);
      if (!node || isSide(node.type)) continue;
      const ways = doc.linksFrom(id).flatMap((link) => {
        const through = bypassInput(doc, node, link.output, doc.inputType(link.to, link.input) ?? link.type);
        const source = through && doc.linkInto(id, through.name);
        return source ? [{ source, link }] : [];
      });
      removeNodes(doc, [id]);
      for (const { source, link } of ways)
        connect(
          doc,
          { node: source.from, output: source.output },
          { node: link.to, input: link.input },
          source.parent,
        );
    }
  });
}
