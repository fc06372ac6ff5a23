/** Members of a workflow beside its graph: kept in the file's `extra`, and no step of undo. */
import { isObject, type Json } from "../lib/json";
import type { GraphDocument } from "./document";

export function readExtra(doc: GraphDocument, key: string): Json | undefined {
  return isObject(doc.root.extra) ? doc.root.extra[key] : undefined;
}

/** Undefined takes it away. Drafts and the mark of what is not saved hear of it. */
export function writeExtra(doc: GraphDocument, key: string, value: Json | undefined): void {
  const extra = isObject(doc.root.extra) ? doc.root.extra : {};
  doc.root = { ...doc.root, extra: { ...extra, [key]: value } };
  doc.store.changed.emit(new Map());
  doc.store.historyChanged.emit();
}
