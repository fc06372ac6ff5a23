import { removeNodes, setCollapsed, toggleMode } from "../graph/edit";
import { redo, undo } from "../graph/navigation";
import { Mode } from "../graph/records";
import { removeReroutes } from "../graph/reroutes";
import { isSide } from "../graph/sheets";
import { removeAndReconnect } from "../graph/splice";
import { t } from "../lib/t";
import type { Action } from "./action";
import { copySelection, cutSelection, pasteText } from "./clipboard";
import type { Editor } from "./editor";
import { leave } from "./subgraph";
import { writeClipboard } from "./systemClipboard";

const hasSelection = ({ selection }: Editor) => selection.ids.size > 0;

const allHave = ({ doc, selection }: Editor, mode: number) =>
  [...selection.ids].every((id) => doc.node(id)?.mode === mode);

export const editActions: readonly Action[] = [
  {
    id: "undo",
    label: () => t("Undo"),
    keys: ["Ctrl+Z"],
    enabled: ({ doc }) => doc.store.history.canUndo,
    run: ({ doc }) => undo(doc),
  },
  {
    id: "redo",
    label: () => t("Redo"),
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    enabled: ({ doc }) => doc.store.history.canRedo,
    run: ({ doc }) => redo(doc),
  },
  {
    id: "delete",
    label: () => t("Delete"),
    keys: ["Delete", "Backspace"],
    enabled: (editor) => hasSelection(editor) || editor.selection.reroutes.size > 0,
    run: ({ doc, selection, engine }) => {
      doc.transact("Delete", () => {
        removeReroutes(doc, selection.reroutes);
        removeNodes(doc, selection.ids);
      });
      engine?.host.focus({ preventScroll: true });
    },
  },
  {
    // Ctrl+C and Ctrl+V come as events of the clipboard, not as keys: that way each system's own habits work.
    id: "copy",
    label: () => t("Copy"),
    enabled: hasSelection,
    run: (editor) => void writeClipboard(copySelection(editor)),
  },
  {
    id: "paste",
    label: () => t("Paste"),
    run: (editor) => void editor.paste(),
  },
  {
    id: "cut",
    label: () => t("Cut"),
    enabled: hasSelection,
    run: (editor) => void writeClipboard(cutSelection(editor)),
  },
  {
    id: "pasteWithLinks",
    label: () => t("Paste with links"),
    keys: ["Ctrl+Shift+V"],
    run: (editor) => void editor.paste({ withLinks: true, at: editor.engine?.pointed() }),
  },
  {
    id: "deleteAndReconnect",
    label: () => t("Remove and reconnect"),
    keys: ["Ctrl+Delete", "Ctrl+Backspace"],
    enabled: hasSelection,
    run: ({ doc, selection, engine }) => {
      removeAndReconnect(doc, selection.ids);
      engine?.host.focus({ preventScroll: true });
    },
  },
  {
    id: "duplicate",
    label: () => t("Duplicate"),
    keys: ["Ctrl+D"],
    enabled: hasSelection,
    run: (editor) => pasteText(editor, copySelection(editor)),
  },
  {
    id: "selectAll",
    label: () => t("Select all"),
    keys: ["Ctrl+A"],
    run: ({ doc, selection }) =>
      selection.set([...doc.nodes()].filter(({ type }) => !isSide(type)).map((node) => node.id)),
  },
  {
    id: "deselect",
    label: () => t("Select nothing, or leave the subgraph"),
    keys: ["Escape"],
    enabled: ({ doc, selection }) => selection.ids.size + selection.reroutes.size + doc.path.length > 0,
    run: (editor) => {
      const { ids, reroutes } = editor.selection;
      if (ids.size + reroutes.size) editor.selection.clear();
      else leave(editor);
    },
  },
  {
    id: "mute",
    label: () => t("Mute"),
    keys: ["Ctrl+M"],
    enabled: hasSelection,
    checked: (editor) => allHave(editor, Mode.muted),
    run: ({ doc, selection }) => toggleMode(doc, [...selection.ids], Mode.muted, "Mute"),
  },
  {
    id: "bypass",
    label: () => t("Bypass"),
    keys: ["Ctrl+B"],
    enabled: hasSelection,
    checked: (editor) => allHave(editor, Mode.bypassed),
    run: ({ doc, selection }) => toggleMode(doc, [...selection.ids], Mode.bypassed, "Bypass"),
  },
  {
    id: "collapse",
    label: () => t("Collapse or expand"),
    keys: ["Alt+C"],
    enabled: hasSelection,
    run: ({ doc, selection }) =>
      doc.transact("Collapse", () => {
        const nodes = [...selection.ids].flatMap((id) => doc.node(id) ?? []);
        const collapse = nodes.some((node) => !node.collapsed);
        for (const node of nodes) setCollapsed(doc, node.id, collapse);
      }),
  },
];
