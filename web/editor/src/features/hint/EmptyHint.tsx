import { useSyncExternalStore } from "react";
import { t } from "../../lib/t";
import { useEditor } from "../context";

/** What to do with an empty canvas. */
export function EmptyHint() {
  const { doc } = useEditor();
  const empty = useSyncExternalStore(doc.store.changed.on, () => doc.nodes().next().done === true);
  if (!empty) return null;
  return (
    <div className="empty-hint">
      <p>{t("Nothing here yet")}</p>
      <p>{t("Double-click to add a node, or drop a picture to open its workflow.")}</p>
    </div>
  );
}
