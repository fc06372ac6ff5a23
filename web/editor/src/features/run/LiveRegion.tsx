import { useEffect, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { t } from "../../lib/t";
import { announcements } from "../../ui/announce";
import { useFeatures } from "../context";
import { outcomeWords } from "./outcome";
import { percentOf } from "./runStore";

/** Says what is done and the state of the run to screen readers, and shows its percentage in the title of the tab. */
export function LiveRegion() {
  const { editor, run } = useFeatures();
  // Of several the one that began first: others would talk over each other.
  const running = useStore(run, ({ runs }) => runs.length > 0);
  const name = useStore(run, ({ runs }) => runs[0]?.title ?? "");
  const percent = useStore(run, ({ runs }) => (runs[0] ? percentOf(runs[0]) : null));
  const said = useStore(announcements, (state) => state.text);
  const last = useStore(run, (state) => state.last);
  const connection = useStore(run, (state) => state.connection);
  const workflow = useSyncExternalStore(editor.tabs.changed.on, () => editor.tabs.current.name);

  useEffect(() => {
    const done = percent === null ? "" : `${percent} % `;
    document.title = running ? `${done}${name || t("Running")} · Easel` : `${workflow} · Easel`;
  }, [running, percent, name, workflow]);

  return (
    <>
      <p className="sr-only" role="status" aria-live="polite">
        {said}
      </p>
      <p className="sr-only" role="status" aria-live="polite">
        {connection === "lost"
          ? t("Server lost, trying again")
          : running
            ? t("Running {name}", { name })
            : last
              ? outcomeWords(last)
              : ""}
      </p>
    </>
  );
}
