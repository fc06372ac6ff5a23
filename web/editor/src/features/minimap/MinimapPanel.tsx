import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { Minimap } from "../../canvas/minimap";
import { useFeatures } from "../context";

/** The map in the corner of the canvas, while it is switched on. */
export function MinimapPanel() {
  const { editor, settings } = useFeatures();
  const { engine } = editor;
  const shown = useStore(settings.store, ({ minimap }) => minimap === "on");
  const [host, setHost] = useState<HTMLElement | null>(null);
  useEffect(() => {
    if (!engine || !host) return;
    const map = new Minimap(engine, host);
    return () => map.destroy();
  }, [engine, host]);
  // The arrow keys and Tab lead through the graph itself; the map is for the eye and the pointer.
  return shown ? <div ref={setHost} className="minimap" aria-hidden /> : null;
}
