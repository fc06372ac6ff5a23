/** Copies nodes as a small workflow, and puts such a workflow into a document under new ids. */
import type { Point } from "../lib/geometry";
import { isObject, type Json, parseJson, stringifyJson } from "../lib/json";
import type { GraphDocument } from "./document";
import { readWorkflow } from "./formats/readWorkflow";
import { writeSheet } from "./formats/writeSheet";
import type { NodeId } from "./records";

const MARK = "easel/nodes";

export function copyNodes(doc: GraphDocument, ids: ReadonlySet<NodeId>): string {
  const links = [...doc.links()].filter((link) => ids.has(link.from) && ids.has(link.to));
  const part = { nodes: ids, links: new Set(links.map((link) => link.id)), groups: new Set<string>() };
  const content = writeSheet(doc, doc.sheet, false, part);
  return stringifyJson({ clipboard: MARK, nodes: content.nodes, links: content.links });
}

export function isCopiedNodes(text: string): boolean {
  return text.startsWith(`{"clipboard":"${MARK}"`);
}

/** Pastes as one transaction. `at` is where the top left corner goes; without it the nodes land a little aside. */
export function pasteNodes(doc: GraphDocument, text: string, at?: Point): NodeId[] {
  const copied: Json = parseJson(text);
  if (!isObject(copied)) return [];
  const { records } = readWorkflow(copied, doc.defs);
  const nodes = records.filter((record) => record.kind === "node");
  if (!nodes.length) return [];
  const corner = {
    x: Math.min(...nodes.map((node) => node.pos.x)),
    y: Math.min(...nodes.map((node) => node.pos.y)),
  };
  const by = at ? { x: at.x - corner.x, y: at.y - corner.y } : { x: 32, y: 32 };
  const ids = new Map(nodes.map((node) => [node.id, doc.nextNodeId()]));
  const renamed = (id: NodeId) => ids.get(id) ?? id;
  doc.transact("Paste", (tx) => {
    for (const record of records) {
      if (record.kind === "node") {
        const { id: _, ...raw } = record.raw;
        const pos = { x: record.pos.x + by.x, y: record.pos.y + by.y };
        tx.put({ ...record, id: renamed(record.id), sheet: doc.sheet, pos, raw });
      } else if (record.kind === "link") {
        const ends = { from: renamed(record.from), to: renamed(record.to) };
        tx.put({ ...record, id: doc.nextLinkId(), sheet: doc.sheet, ...ends, raw: null });
      }
    }
  });
  return [...ids.values()];
}
