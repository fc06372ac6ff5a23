/** The layer of a node that packs draw on. */
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { NodeId } from "../graph/records";
import { decorChanged, decorOf, type NodeDecor } from "./packDecor";

export function useDecor(id: NodeId): NodeDecor {
  const subscribe = useCallback(
    (listener: () => void) => decorChanged.on((changed) => changed === id && listener()),
    [id],
  );
  return useSyncExternalStore(subscribe, () => decorOf(id));
}

export function PackLayer({ id }: { readonly id: NodeId }) {
  const { overlay } = useDecor(id);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element || !overlay) return;
    const unmount = overlay(element);
    return () => {
      if (typeof unmount === "function") unmount();
      element.replaceChildren();
    };
  }, [overlay]);
  return overlay ? <div ref={host} className="node-paint" aria-hidden /> : null;
}
