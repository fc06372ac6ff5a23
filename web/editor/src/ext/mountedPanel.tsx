import { type FunctionComponent, useEffect, useRef } from "react";
import { guarded } from "./guard";

/** A panel that a pack fills with plain elements. */
export function mountedPanel(
  id: string,
  pack: string | null,
  mount: (element: HTMLElement) => unknown,
): FunctionComponent {
  return function MountedPanel() {
    const host = useRef<HTMLDivElement>(null);
    useEffect(() => {
      const element = host.current;
      if (!element) return;
      const unmount = guarded(`the panel ${id}`, pack, () => mount(element));
      return () => {
        if (typeof unmount === "function") guarded(`closing the panel ${id}`, pack, () => unmount());
        element.replaceChildren();
      };
    }, []);
    return <div ref={host} className="pack-panel" />;
  };
}
