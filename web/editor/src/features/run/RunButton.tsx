import { Minus, Play, Plus, Square } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { plural } from "../../lib/format";
import { Button } from "../../ui/Button";
import { useFeatures } from "../context";

const MOST = 64;

/** Run, how many times, and the way to stop. */
export function RunButton() {
  const { editor, run } = useFeatures();
  const [count, setCount] = useState(1);
  const running = useStore(run, (state) => state.promptId !== null);
  const remaining = useStore(run, (state) => state.remaining);
  const connected = useStore(run, (state) => state.connection === "open");
  const waiting = Math.max(0, remaining - (running ? 1 : 0));
  return (
    <div className="run">
      {waiting > 0 && <span className="run-waiting">{waiting} waiting</span>}
      {running && (
        <Button
          kind="plain"
          icon={<Square size={12} fill="currentColor" aria-hidden />}
          title="Interrupt (Ctrl+Alt+Enter)"
          onClick={() => void editor.runner.interrupt()}
        >
          Stop
        </Button>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings a layout of its own */}
      <div className="run-count" role="group" aria-label="How many times">
        <Button
          label="Fewer"
          icon={<Minus size={12} aria-hidden />}
          disabled={count === 1}
          onClick={() => setCount(Math.max(1, count - 1))}
        />
        <output aria-live="off">{count}×</output>
        <Button
          label="More"
          icon={<Plus size={12} aria-hidden />}
          disabled={count === MOST}
          onClick={() => setCount(Math.min(MOST, count + 1))}
        />
      </div>
      <Button
        kind="primary"
        className="run-button"
        icon={<Play size={14} fill="currentColor" aria-hidden />}
        title={connected ? `Run ${plural(count, "time")} (Ctrl+Enter)` : "Not connected to the server"}
        disabled={!connected}
        onClick={() => void editor.runner.queue({ count })}
      >
        Run
      </Button>
    </div>
  );
}
