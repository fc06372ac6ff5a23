/** The ids that nodes have in a prompt. Inner nodes whose id is taken elsewhere get another, by the server's rule. */
import type { GraphDocument } from "./document";
import { type NodeId, ROOT } from "./records";
import { isSide, localId } from "./sheets";

/** For every node its own part of the id; nodes inside a subgraph are named by the parts of all that they are in. */
export function promptSegments(doc: GraphDocument): ReadonlyMap<NodeId, string> {
  const segments = new Map<NodeId, string>();
  const used = new Set<string>();
  let last = doc.lastIds.node;
  const seen = (id: string) => {
    used.add(id);
    if (/^\d{1,15}$/.test(id)) last = Math.max(last, Number(id));
  };
  for (const node of doc.on(ROOT, "node")) {
    segments.set(node.id, node.id);
    seen(node.id);
  }
  for (const { id: sheet } of doc.definitions()) {
    for (const node of doc.on(sheet, "node")) {
      if (isSide(node.type)) continue;
      let id = localId(node.id, sheet);
      while (used.has(id)) id = String(++last);
      seen(id);
      segments.set(node.id, id);
    }
  }
  return segments;
}
