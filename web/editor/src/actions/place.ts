/** New nodes where they are wanted: dropped at a place in the page, or in the middle of the view. */
import { addNode, setValue } from "../graph/edit";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";

export interface NewNode {
  readonly type: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** How a node is carried by a drag from a panel. */
export const DRAGGED_NODE = "application/x-easel-node";

export function placeNode(
  editor: Editor,
  { type, values = {} }: NewNode,
  page?: { x: number; y: number },
): NodeId | null {
  const { doc, engine } = editor;
  if (!engine) return null;
  if (!doc.defs.has(type)) {
    showToast({ kind: "error", topic: "place", title: t("There is no class of nodes {type}", { type }) });
    return null;
  }
  const at = page ? engine.pointAt(page.x, page.y).world : engine.center();
  let id = "";
  doc.transact("Add node", () => {
    id = addNode(doc, type, { x: Math.round(at.x), y: Math.round(at.y) });
    for (const [name, value] of Object.entries(values)) setValue(doc, id, name, value);
  });
  editor.selection.set([id]);
  engine.focusNode(id);
  return id;
}

/** Until the answered function is called. */
export function takeDroppedNodes(editor: Editor): () => void {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const carries = (e: DragEvent) => e.dataTransfer?.types.includes(DRAGGED_NODE) ?? false;
  const onCanvas = (e: DragEvent) => editor.engine?.host.contains(e.target as Node) ?? false;
  window.addEventListener("dragover", (e) => carries(e) && onCanvas(e) && e.preventDefault(), options);
  window.addEventListener(
    "drop",
    (e) => {
      const text = e.dataTransfer?.getData(DRAGGED_NODE);
      if (!text || !onCanvas(e)) return;
      e.preventDefault();
      placeNode(editor, JSON.parse(text) as NewNode, { x: e.clientX, y: e.clientY });
    },
    options,
  );
  return () => abort.abort();
}
