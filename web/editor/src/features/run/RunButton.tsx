/** Run, how many times, when by itself, and the way to stop. */
import { ChevronDown, Minus, Play, Plus, Repeat, Square } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { useStore } from "zustand";
import { actionOf, keysOf } from "../../actions";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { Menu, type MenuItem } from "../../ui/Menu";
import { type Anchor, anchorOf } from "../../ui/Popover";
import { useFeatures } from "../context";

const MOST = 64;

export function RunButton() {
  const { editor, run } = useFeatures();
  const [count, setCount] = useState(1);
  const running = useStore(run, (state) => state.runs.length);
  const remaining = useStore(run, (state) => state.remaining);
  const connected = useStore(run, (state) => state.connection === "open");
  const auto = useStore(run, (state) => state.auto);
  const waiting = Math.max(0, remaining - running);
  return (
    <div className="run">
      {waiting > 0 && <span className="run-waiting">{t("{count} waiting", { count: waiting })}</span>}
      {auto !== "off" && (
        <Button
          kind="plain"
          icon={<Repeat size={12} aria-hidden />}
          title={t("Run only when asked")}
          onClick={() => actionOf("autoOff").run(editor)}
        >
          {auto === "instant" ? t("Again and again") : t("On change")}
        </Button>
      )}
      {running > 0 && (
        <Button
          kind="plain"
          icon={<Square size={12} fill="currentColor" aria-hidden />}
          label={t("Stop")}
          title={`${t("Interrupt")} (Ctrl+Alt+Enter)`}
          onClick={() => void editor.runner.interrupt()}
        >
          <span className="run-stop-word">{t("Stop")}</span>
        </Button>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings a layout of its own */}
      <div className="run-count" role="group" aria-label={t("How many times")}>
        <Button
          label={t("Fewer")}
          icon={<Minus size={12} aria-hidden />}
          disabled={count === 1}
          onClick={() => setCount(Math.max(1, count - 1))}
        />
        <output aria-live="off">{count}×</output>
        <Button
          label={t("More")}
          icon={<Plus size={12} aria-hidden />}
          disabled={count === MOST}
          onClick={() => setCount(Math.min(MOST, count + 1))}
        />
      </div>
      <div className="run-split">
        <Button
          kind="primary"
          className="run-button"
          icon={<Play size={14} fill="currentColor" aria-hidden />}
          title={
            connected
              ? `${t("Run {count} {count|time|times}", { count })} (Ctrl+Enter)`
              : t("Not connected to the server")
          }
          disabled={!connected}
          onClick={() => void editor.runner.queue({ count })}
        >
          {t("Run")}
        </Button>
        <MoreWays />
      </div>
    </div>
  );
}

function MoreWays() {
  const { editor, run } = useFeatures();
  const button = useRef<HTMLSpanElement>(null);
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const close = useCallback(() => setAnchor(null), []);
  const auto = useStore(run, (state) => state.auto);
  const item = (id: string): MenuItem => {
    const action = actionOf(id);
    const disabled = action.enabled?.(editor) === false;
    return { label: action.label(), hint: keysOf(action)[0], disabled, run: () => action.run(editor) };
  };
  const items = [
    item("runFront"),
    item("runHere"),
    item("runBranch"),
    { ...item("autoOff"), checked: auto === "off", separated: true },
    { ...item("autoChange"), checked: auto === "change" },
    { ...item("autoInstant"), checked: auto === "instant" },
    { ...item("interrupt"), separated: true },
    item("clearQueue"),
  ];
  return (
    <span ref={button}>
      <Button
        kind="primary"
        className="run-more"
        label={t("More ways to run")}
        icon={<ChevronDown size={14} aria-hidden />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      />
      {anchor && <Menu anchor={anchor} label={t("Ways to run")} items={items} onClose={close} />}
    </span>
  );
}
