/** What is selected, as the text that the clipboard carries between places, tabs and browsers. */
import { nodesInGroup } from "../canvas/groups";
import { copyNodes, isCopiedNodes, type PasteOptions, pasteNodes } from "../graph/clipboard";
import { removeNodes } from "../graph/edit";
import { removeGroups } from "../graph/groups";
import type { GroupId } from "../graph/records";
import { t } from "../lib/t";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";

/** The groups that hold nothing but what is selected come along. */
export function selectedGroups({ doc, selection, engine }: Editor): ReadonlySet<GroupId> {
  const groups = [...doc.groups()].filter((group) => {
    const inside = engine ? [...nodesInGroup(engine.scene, group)] : [];
    return inside.length > 0 && inside.every((id) => selection.has(id));
  });
  return new Set(groups.map(({ id }) => id));
}

export function copySelection(editor: Editor): string {
  return copyNodes(editor.doc, editor.selection.ids, selectedGroups(editor));
}

export function cutSelection(editor: Editor): string {
  const text = copySelection(editor);
  const { doc, selection } = editor;
  const groups = selectedGroups(editor);
  doc.transact("Cut", () => {
    removeGroups(doc, groups);
    removeNodes(doc, selection.ids);
  });
  return text;
}

/** Answers false for a text that is something else. */
export function pasteText({ doc, selection }: Editor, text: string, options?: PasteOptions): boolean {
  if (!isCopiedNodes(text)) return false;
  const ids = pasteNodes(doc, text, options);
  selection.set(ids);
  if (!ids.length)
    showToast({ kind: "info", title: t("A subgraph cannot be put into itself"), topic: "paste" });
  return true;
}
