/** Ways between the sheets of a workflow: to a node that the server speaks of, and to what undo has just changed. */
import type { GraphDiff, GraphDocument } from "./document";
import { type GraphRecord, type NodeId, ROOT, type SheetId } from "./records";

export interface Place {
  /** The subgraph nodes to enter. */
  readonly path: readonly NodeId[];
  readonly id: NodeId;
}

/** Where the node is that has this id in the prompt. */
export function locate(doc: GraphDocument, runId: string): Place | null {
  const parts = runId.split(":");
  const path: NodeId[] = [];
  let sheet: SheetId = ROOT;
  for (const [i, part] of parts.entries()) {
    const node = [...doc.on(sheet, "node")].find((one) => doc.segment(one.id) === part);
    if (!node) return null;
    if (i === parts.length - 1) return { path, id: node.id };
    path.push(node.id);
    sheet = node.type;
  }
  return null;
}

/** As far as a way leads anywhere: each node an instance, on the sheet that the one before opens. */
export function validPath(doc: GraphDocument, path: readonly NodeId[]): readonly NodeId[] {
  let sheet: SheetId = ROOT;
  const end = path.findIndex((id) => {
    const node = doc.node(id);
    if (node?.sheet !== sheet || !doc.definition(node.type)) return true;
    sheet = node.type;
    return false;
  });
  return end < 0 ? path : path.slice(0, end);
}

/** One way into a sheet, by its first instance; null when nothing of the workflow shows it. */
export function pathTo(doc: GraphDocument, sheet: SheetId): NodeId[] | null {
  const path: NodeId[] = [];
  for (let inside = sheet; inside !== ROOT; ) {
    const instance = doc.instancesOf(inside).find((id) => !path.includes(id));
    const node = instance === undefined ? undefined : doc.node(instance);
    if (!node) return null;
    path.unshift(node.id);
    inside = node.sheet;
  }
  return path;
}

/** Undo and redo open the sheet that they change something on. */
export function undo(doc: GraphDocument): void {
  follow(doc, () => doc.store.undo());
}

export function redo(doc: GraphDocument): void {
  follow(doc, () => doc.store.redo());
}

function follow(doc: GraphDocument, step: () => boolean): void {
  let diff: GraphDiff = new Map();
  const off = doc.store.changed.on((changes) => {
    diff = changes;
  });
  step();
  off();
  const sheets = new Set([...diff.values()].map(({ before, after }) => sheetOf(after ?? before)));
  const [first] = sheets;
  if (first === undefined || sheets.has(doc.sheet)) return;
  const path = pathTo(doc, first);
  if (path) doc.goTo(path);
}

function sheetOf(record: GraphRecord | undefined): SheetId {
  return record && record.kind !== "sheet" ? record.sheet : ROOT;
}
