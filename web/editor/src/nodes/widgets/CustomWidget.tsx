import { useEffect, useRef } from "react";
import type { NodeId } from "../../graph/records";
import type { CustomSpec } from "../../graph/widgets";
import type { Json } from "../../lib/json";
import { t } from "../../lib/t";
import { viewNamed } from "../customViews";
import type { WidgetProps } from "./WidgetRow";

interface Props extends WidgetProps<CustomSpec> {
  readonly id: NodeId;
  readonly name: string;
}

/** A place in the node for what a pack draws. React stays out of it. */
export function CustomWidget({ id, name, label, spec, value, onChange }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef({ value, onChange });
  const listeners = useRef(new Set<(value: Json) => void>());
  latest.current = { value, onChange };

  useEffect(() => {
    const element = host.current;
    const view = viewNamed(spec.view);
    if (!element || !view) return;
    const abort = new AbortController();
    let unmount: unknown;
    try {
      unmount = view(element, {
        id,
        name,
        label,
        value: latest.current.value,
        set: (next) => latest.current.onChange(next),
        onValue: (listener) => void listeners.current.add(listener),
        signal: abort.signal,
      });
    } catch (error) {
      console.error(`The widget ${name} cannot be drawn`, error);
      element.textContent = t("{label} cannot be drawn", { label });
    }
    return () => {
      abort.abort();
      listeners.current.clear();
      if (typeof unmount === "function") unmount();
      element.replaceChildren();
    };
  }, [id, name, label, spec.view]);
  useEffect(() => {
    for (const listener of listeners.current) listener(value);
  }, [value]);

  return <div ref={host} className="field-custom" data-scrolls />;
}
