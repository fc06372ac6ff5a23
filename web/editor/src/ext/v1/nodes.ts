/** Tells extensions of version 1 about nodes that come, go, change and have run. */
import type { Editor } from "../../actions/editor";
import type { NodeId } from "../../graph/records";
import { decorateNode } from "../../nodes/packDecor";
import { guarded } from "../guard";
import { onDocument } from "../shown";
import { nodeView } from "./context";
import type { Context, Extension, NodeHooks } from "./types";

type Hooks = NonNullable<Extension["node"]>;

export function followNodes(editor: Editor, hooks: Hooks, pack: string, context: Context): void {
  const hooksOf = (type: string): NodeHooks[] =>
    [hooks[type], hooks["*"]].filter((hook) => hook !== undefined);
  const known = new Set<NodeId>();
  const see = (id: NodeId) => {
    const view = nodeView(editor.doc, id);
    if (!view) return;
    const fresh = !known.has(id);
    known.add(id);
    for (const hook of hooksOf(view.type)) {
      if (fresh) guarded(`${view.type} onCreated`, pack, () => hook.onCreated?.(view, context));
      const badges = hook.badges && guarded(`${view.type} badges`, pack, () => hook.badges?.(view));
      if (badges) decorateNode(id, { badges });
    }
  };
  onDocument(editor, (doc) => {
    known.clear();
    for (const { id } of doc.nodes()) see(id);
    return doc.store.changed.on((diff) =>
      queueMicrotask(() => {
        for (const { before, after } of diff.values()) {
          if (after?.kind === "node") see(after.id);
          else if (before?.kind !== "node" || !known.delete(before.id)) continue;
          else
            for (const hook of hooksOf(before.type))
              guarded("onRemoved", pack, () => hook.onRemoved?.(before.id, context));
        }
      }),
    );
  });
  editor.line.message.on((message) => {
    const view = message.type === "executed" ? nodeView(editor.doc, message.node) : null;
    if (message.type !== "executed" || !view) return;
    for (const hook of hooksOf(view.type))
      guarded(`${view.type} onExecuted`, pack, () => hook.onExecuted?.(view, message.output, context));
  });
}
