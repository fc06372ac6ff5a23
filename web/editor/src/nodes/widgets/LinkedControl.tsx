/** A widget that a link feeds: it shows what the link brings, or where that comes from, and never its own value. */
import { useCallback, useRef, useSyncExternalStore } from "react";
import { type Arriving, arriving } from "../../graph/arriving";
import type { NodeId } from "../../graph/records";
import { t } from "../../lib/t";
import { useServices } from "../services";
import { Control, type ControlProps } from "./WidgetRow";

export function LinkedControl(props: ControlProps) {
  const { id, name, label, spec } = props;
  const found = useArriving(id, name);
  if (!found) return <Control {...props} />;
  if ("value" in found) return <Control {...props} value={found.value} />;
  const from = t("from {node}", { node: found.from });
  if (spec.kind === "text" && spec.multiline)
    return <Control {...props} spec={{ ...spec, placeholder: from, markdown: false }} value="" />;
  return (
    <div className="field field-linked" title={from}>
      <span className="field-label">{label}</span>
      <span className="field-value">{from}</span>
    </div>
  );
}

function useArriving(id: NodeId, name: string): Arriving | null {
  const { doc } = useServices();
  const seen = useRef<Arriving | null>(null);
  const subscribe = useCallback((listener: () => void) => doc.store.changed.on(listener), [doc]);
  return useSyncExternalStore(subscribe, () => {
    const now = arriving(doc, id, name);
    if (!same(seen.current, now)) seen.current = now;
    return seen.current;
  });
}

function same(a: Arriving | null, b: Arriving | null): boolean {
  if (a === null || b === null) return a === b;
  return "value" in a ? "value" in b && a.value === b.value : "from" in b && a.from === b.from;
}
