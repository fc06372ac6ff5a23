/** The verbs of groups: frames with a title, behind nodes. What lies in a group is a matter of places, not of records. */
import type { Rect } from "../lib/geometry";
import type { GraphDocument } from "./document";
import { removeNodes } from "./edit";
import type { GroupId, GroupRecord, NodeId } from "./records";
import { localId } from "./sheets";

/** The size of the title's letters that files state; others read it, we do not. */
const FONT_SIZE = 24;

export function addGroup(doc: GraphDocument, title: string, rect: Rect): GroupId {
  const id = doc.nextGroupId();
  const { sheet } = doc;
  const raw = { id: Number(localId(id, sheet)), font_size: FONT_SIZE, flags: {} };
  doc.transact("Group", (tx) => tx.put({ kind: "group", id, sheet, title, rect, color: null, raw }));
  return id;
}

/** Nodes that were in them stay. */
export function removeGroups(doc: GraphDocument, ids: Iterable<GroupId>): void {
  doc.transact("Delete group", (tx) => {
    for (const id of ids) tx.remove(`group:${id}`);
  });
}

export function removeGroupWith(
  doc: GraphDocument,
  groups: Iterable<GroupId>,
  nodes: Iterable<NodeId>,
): void {
  doc.transact("Delete group", () => {
    removeNodes(doc, nodes);
    removeGroups(doc, groups);
  });
}

export function setGroupTitle(doc: GraphDocument, id: GroupId, title: string): void {
  update(doc, "Rename group", id, (group) => ({ ...group, title: title.trim() || group.title }));
}

/** Null is the colour of a group that has none. */
export function setGroupColor(doc: GraphDocument, id: GroupId, color: string | null): void {
  update(doc, "Colour group", id, (group) => ({ ...group, color }));
}

export function setGroupRect(doc: GraphDocument, id: GroupId, rect: Rect): void {
  update(doc, "Resize group", id, (group) => ({ ...group, rect }));
}

function update(
  doc: GraphDocument,
  label: string,
  id: GroupId,
  change: (group: GroupRecord) => GroupRecord,
): void {
  const group = doc.group(id);
  if (group) doc.transact(label, (tx) => tx.put(change(group)));
}
