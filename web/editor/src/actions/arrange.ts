/** What is done to nodes as wholes: names, frames, pins. */
import { frameAround } from "../canvas/groups";
import { togglePinned } from "../graph/edit";
import { addGroup } from "../graph/groups";
import { t } from "../lib/t";
import type { Action } from "./action";
import { selectedGroups } from "./clipboard";
import type { Editor } from "./editor";

const hasSelection = ({ selection }: Editor) => selection.ids.size > 0;

export const arrangeActions: readonly Action[] = [
  {
    id: "rename",
    label: () => t("Rename"),
    keys: ["F2"],
    enabled: ({ selection }) => selection.ids.size === 1,
    run: ({ engine, selection }) => {
      const [id] = selection.ids;
      if (id === undefined || !engine) return;
      engine.showNode(id);
      engine.renaming.begin({ kind: "node", id });
    },
  },
  {
    id: "group",
    label: () => t("Group nodes"),
    keys: ["Ctrl+G"],
    enabled: hasSelection,
    run: (editor) => {
      const { doc, engine, selection } = editor;
      const inner = [...selectedGroups(editor)].flatMap((id) => doc.group(id) ?? []);
      const rect = engine && frameAround(engine.scene, selection.ids, inner);
      if (!rect) return;
      engine.renaming.begin({ kind: "group", id: addGroup(doc, t("Group"), rect) });
    },
  },
  {
    id: "pin",
    label: () => t("Pin in place"),
    enabled: hasSelection,
    checked: ({ doc, selection }) => [...selection.ids].every((id) => doc.node(id)?.pinned === true),
    run: ({ doc, selection }) => togglePinned(doc, selection.ids),
  },
];
