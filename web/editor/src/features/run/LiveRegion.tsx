import { useEffect, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { t } from "../../lib/t";
import { announcements } from "../../ui/announce";
import { useFeatures } from "../context";
import { outcomeWords } from "./outcome";

/** Says what is done and the state of the run to screen readers, and shows its percentage in the title of the tab. */
export function LiveRegion() {
  const { editor, run } = useFeatures();
  const promptId = useStore(run, (state) => state.promptId);
  const name = useStore(run, (state) => state.title);
  const step = useStore(run, (state) => state.step);
  const said = useStore(announcements, (state) => state.text);
  const last = useStore(run, (state) => state.last);
  const connection = useStore(run, (state) => state.connection);
  const workflow = useSyncExternalStore(editor.tabs.changed.on, () => editor.tabs.current.name);
  const percent = step ? `${Math.round((100 * step.value) / step.max)} % ` : "";

  useEffect(() => {
    document.title = promptId ? `${percent}${name || t("Running")} · Easel` : `${workflow} · Easel`;
  }, [promptId, percent, name, workflow]);

  return (
    <>
      <p className="sr-only" role="status" aria-live="polite">
        {said}
      </p>
      <p className="sr-only" role="status" aria-live="polite">
        {connection === "lost"
          ? t("Server lost, trying again")
          : promptId
            ? t("Running {name}", { name })
            : last
              ? outcomeWords(last)
              : ""}
      </p>
    </>
  );
}
