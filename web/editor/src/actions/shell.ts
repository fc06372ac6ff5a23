/** What opens the panels and dialogs around the canvas. */

import { type Label, t } from "../lib/t";
import type { Action } from "./action";
import type { Editor } from "./editor";

const panel = (id: string, label: Label, ...keys: string[]): Action => ({
  id: `panel.${id}`,
  label,
  keys,
  run: (editor: Editor) => editor.togglePanel(id),
});

const dialog = (id: "palette" | "shortcuts" | "find" | "app", label: Label, ...keys: string[]): Action => ({
  id,
  label,
  keys,
  everywhere: true,
  run: (editor: Editor) => editor.asked.emit(id),
});

export const shellActions: readonly Action[] = [
  dialog("palette", () => t("Command palette"), "Ctrl+K"),
  dialog("shortcuts", () => t("Keyboard shortcuts"), "Ctrl+Shift+?", "F1"),
  dialog("find", () => t("Find node in workflow"), "Ctrl+F"),
  dialog("app", () => t("App mode"), "Ctrl+Alt+A"),
  panel("nodes", () => t("Node library"), "Ctrl+Alt+N"),
  panel("models", () => t("Model library"), "Ctrl+Alt+M"),
  panel("templates", () => t("Templates")),
  panel("properties", () => t("Properties"), "Ctrl+Alt+P"),
  panel("help", () => t("Help on the node"), "Ctrl+Alt+H"),
  panel("logs", () => t("Log")),
];
