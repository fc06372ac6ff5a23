import { frameAround } from "../canvas/groups";
import type { NodeRecord } from "../graph/records";
import { ROOT } from "../graph/records";
import { isSide } from "../graph/sheets";
import { convertToSubgraph, renameSubgraph, unpackSubgraph } from "../graph/subgraphs";
import { t } from "../lib/t";
import type { Action } from "./action";
import { publish } from "./blueprints";
import { selectedGroups } from "./clipboard";
import type { Editor } from "./editor";

/** The subgraph that is selected, when it is the only thing that is. */
export function selectedInstance({ doc, selection }: Editor): NodeRecord | undefined {
  const [only, ...others] = selection.ids;
  const node = only === undefined || others.length ? undefined : doc.node(only);
  return node && doc.definition(node.type) ? node : undefined;
}

const hasInstance = (editor: Editor) => selectedInstance(editor) !== undefined;
const isInside = ({ doc }: Editor) => doc.path.length > 0;

export const subgraphActions: readonly Action[] = [
  {
    id: "convertToSubgraph",
    label: () => t("Convert to subgraph"),
    keys: ["Ctrl+Shift+E"],
    enabled: ({ doc, selection }) => [...selection.ids].some((id) => !isSide(doc.node(id)?.type ?? "")),
    run: convert,
  },
  {
    id: "openSubgraph",
    label: () => t("Open subgraph"),
    keys: ["Alt+ArrowDown"],
    enabled: hasInstance,
    run: (editor) => {
      const node = selectedInstance(editor);
      if (node) editor.doc.goTo([...editor.doc.path, node.id]);
    },
  },
  {
    id: "leaveSubgraph",
    label: () => t("Leave subgraph"),
    keys: ["Alt+ArrowUp", "Alt+Backspace"],
    enabled: isInside,
    run: leave,
  },
  {
    id: "unpackSubgraph",
    label: () => t("Unpack subgraph"),
    enabled: hasInstance,
    run: (editor) => {
      const node = selectedInstance(editor);
      if (node) editor.selection.set(unpackSubgraph(editor.doc, node.id));
    },
  },
  {
    id: "renameSubgraph",
    label: () => t("Rename subgraph…"),
    enabled: (editor) => hasInstance(editor) || isInside(editor),
    run: ask,
  },
  {
    id: "publishSubgraph",
    label: () => t("Publish for reuse…"),
    enabled: hasInstance,
    run: (editor) => {
      const node = selectedInstance(editor);
      if (!node) return;
      const value = editor.doc.definition(node.type)?.name ?? "";
      const done = (name: string) => void publish(editor, node.id, name.trim().replace(/[\\/:*?"<>|]/g, "_"));
      editor.textAsked.emit({ label: t("Name of the subgraph"), verb: t("Publish"), value, done });
    },
  },
];

/** To the sheet around, with the node selected that was left. */
export function leave({ doc, selection, engine }: Editor): void {
  const left = doc.path.at(-1);
  doc.goTo(doc.path.slice(0, -1));
  if (left !== undefined) selection.set([left]);
  engine?.host.focus({ preventScroll: true });
}

function convert(editor: Editor): void {
  const { doc, selection, engine } = editor;
  const bounds = engine ? frameAround(engine.scene, selection.ids) : null;
  const groups = selectedGroups(editor);
  const id = convertToSubgraph(doc, { nodes: selection.ids, groups, ...(bounds ? { bounds } : {}) });
  if (id === null) return;
  selection.set([id]);
  engine?.focusNode(id);
}

function ask(editor: Editor): void {
  const { doc } = editor;
  const sheet = doc.definition(selectedInstance(editor)?.type ?? (doc.sheet === ROOT ? "" : doc.sheet));
  if (!sheet) return;
  const done = (name: string) => renameSubgraph(doc, sheet.id, name);
  editor.textAsked.emit({ label: t("Name of the subgraph"), verb: t("Rename"), value: sheet.name, done });
}
