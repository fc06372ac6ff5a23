import { X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { t } from "../../lib/t";
import { useFeatures } from "../context";

const KEY = "easel.hint";

/** Shown with the first workflow until the first run, or until it is closed, and never again. */
export function FirstRunHint() {
  const { run, editor } = useFeatures();
  const [first] = useState(() => editor.tabs.current);
  const current = useSyncExternalStore(editor.tabs.changed.on, () => editor.tabs.current);
  const [open, setOpen] = useState(() => localStorage.getItem(KEY) === null);
  // A run that comes from the cache is over before it is drawn.
  const ran = useStore(run, (state) => state.runs.length > 0 || state.last !== null);
  useEffect(() => {
    if (ran) localStorage.setItem(KEY, "seen");
    if (ran) setOpen(false);
  }, [ran]);
  if (!open || current !== first) return null;
  const close = () => {
    localStorage.setItem(KEY, "seen");
    setOpen(false);
  };
  return (
    <div className="hint" role="note">
      {matchMedia("(pointer: coarse)").matches ? t("Tap Run to make a picture") : <RunKeys />}
      <button type="button" aria-label={t("Close hint")} onClick={close}>
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}

function RunKeys() {
  const [before, after] = t("Press {keys} to make a picture").split("{keys}");
  return (
    <>
      {before}
      <kbd>{/Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl"}</kbd>
      <kbd>Enter</kbd>
      {after}
    </>
  );
}
