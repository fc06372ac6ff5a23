/** What opens the panels and dialogs around the canvas. */
import type { Action } from "./action";
import type { Editor } from "./editor";

const panel = (id: string, label: string, ...keys: string[]): Action => ({
  id: `panel.${id}`,
  label,
  keys,
  run: (editor: Editor) => editor.togglePanel(id),
});

const dialog = (id: "palette" | "shortcuts" | "find" | "app", label: string, ...keys: string[]): Action => ({
  id,
  label,
  keys,
  everywhere: true,
  run: (editor: Editor) => editor.asked.emit(id),
});

export const shellActions: readonly Action[] = [
  dialog("palette", "Command palette", "Ctrl+K"),
  dialog("shortcuts", "Keyboard shortcuts", "Ctrl+Shift+?", "F1"),
  dialog("find", "Find node in workflow", "Ctrl+F"),
  dialog("app", "App mode", "Ctrl+Alt+A"),
  panel("nodes", "Node library", "Ctrl+Alt+N"),
  panel("models", "Model library", "Ctrl+Alt+M"),
  panel("templates", "Templates"),
  panel("properties", "Properties", "Ctrl+Alt+P"),
  panel("help", "Help on the node", "Ctrl+Alt+H"),
  panel("logs", "Log"),
];
