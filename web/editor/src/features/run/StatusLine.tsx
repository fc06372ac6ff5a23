import { Map as MapIcon, Maximize } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { actionOf } from "../../actions";
import type { Connection } from "../../api/socket";
import type { SystemStats } from "../../api/types";
import { isSide } from "../../graph/sheets";
import { formatBytes } from "../../lib/format";
import { t } from "../../lib/t";
import { useEditor, useFeatures } from "../context";
import { outcomeWords } from "./outcome";
import { percentOf, type Run, type RunInfo } from "./runStore";

export function StatusLine() {
  const { run } = useFeatures();
  const info = useStore(run);
  return (
    <footer className="status">
      <span className="status-item">
        <i className="status-dot" data-connection={info.connection} aria-hidden />
        {connectionWords(info.connection)}
      </span>
      <DeviceText />
      <ProgressText info={info} />
      <span className="status-space" />
      <NodeCount />
      <Zoom />
    </footer>
  );
}

function connectionWords(connection: Connection): string {
  if (connection === "open") return t("Connected");
  return connection === "connecting" ? t("Connecting") : t("Server lost, trying again");
}

function DeviceText() {
  const { run } = useFeatures();
  const { api } = useEditor();
  const revision = useStore(run, (state) => state.revision);
  const connected = useStore(run, (state) => state.connection === "open");
  const [stats, setStats] = useState<SystemStats | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: memory is read again after each change of the queue
  useEffect(() => {
    if (!connected) return;
    let current = true;
    api.systemStats().then(
      (next) => current && setStats(next),
      () => current && setStats(null),
    );
    return () => {
      current = false;
    };
  }, [api, connected, revision]);
  const device = stats?.devices[0];
  if (!stats || !device) return null;
  const isCpu = device.type === "cpu";
  return (
    <>
      <Memory
        name={isCpu ? "CPU" : shorten(device.name)}
        title={device.name}
        {...(isCpu ? ram(stats) : device)}
      />
      {!isCpu && <Memory name="RAM" title={t("Memory of the computer")} {...ram(stats)} />}
    </>
  );
}

function ram({ ramTotal, ramFree }: SystemStats): Amount {
  return { total: ramTotal, free: ramFree };
}

/** In bytes. */
interface Amount {
  readonly total: number;
  readonly free: number;
}

function Memory({ name, title, total, free }: Amount & { readonly name: string; readonly title: string }) {
  const used = total - free;
  return (
    <span className="status-item status-device" title={title}>
      {name}
      {total > 0 && (
        <>
          <span className="status-meter" aria-hidden>
            <i style={{ width: `${(100 * used) / total}%` }} />
          </span>
          {t("{used} of {total} in use", { used: formatBytes(used), total: formatBytes(total) })}
        </>
      )}
    </span>
  );
}

/** A press leads to the node that runs. */
function RunText({ run }: { readonly run: Run }) {
  const editor = useEditor();
  const { node } = run;
  return (
    <button
      type="button"
      className="status-item status-progress"
      title={t("Show the node that runs")}
      disabled={node === null}
      onClick={() => node !== null && editor.reveal(node, editor.tabs.withId(run.tab ?? undefined))}
    >
      {run.title || t("Running")}
      {run.step && ` ${t("{value} of {max}", { ...run.step })}`}
      <span className="status-bar" aria-hidden>
        <i style={{ width: `${percentOf(run) ?? 0}%` }} />
      </span>
    </button>
  );
}

/** All that runs, or what was made last, with ways to it: on a phone they are hardly ever in view. */
function ProgressText({ info }: { readonly info: RunInfo }) {
  const editor = useEditor();
  if (info.runs.length)
    return (
      <span className="status-runs">
        {info.runs.map((run) => (
          <RunText key={run.promptId} run={run} />
        ))}
      </span>
    );
  if (!info.last) return null;
  return (
    <button
      type="button"
      className="status-item"
      data-outcome={info.last.outcome}
      title={t("Show the result")}
      disabled={info.last.outcome !== "success"}
      onClick={() => actionOf("showResult").run(editor)}
    >
      {outcomeWords(info.last)}
    </button>
  );
}

function NodeCount() {
  const { doc, selection } = useEditor();
  // Whatever is shown or changed: also another sheet.
  const count = useSyncExternalStore(doc.touched.on, () => {
    return [...doc.nodes()].filter(({ type }) => !isSide(type)).length;
  });
  const selected = useSyncExternalStore(selection.changed.on, () => selection.ids.size);
  return (
    <span className="status-item status-count">
      {selected
        ? t("{selected} of {count} {count|node|nodes} selected", { selected, count })
        : t("{count} {count|node|nodes}", { count })}
    </span>
  );
}

function Zoom() {
  const { editor, settings } = useFeatures();
  const mapShown = useStore(settings.store, ({ minimap }) => minimap === "on");
  const { engine } = editor;
  const percent = useRef<HTMLSpanElement>(null);
  // Written past React, once a frame at most: zooming renders nothing, and panning does not even touch it.
  useEffect(() => {
    const show = () => {
      const text = engine && `${Math.round(engine.camera.zoom * 100)} %`;
      if (percent.current && percent.current.textContent !== text) percent.current.textContent = text;
    };
    show();
    return engine?.drawn.on(show);
  }, [engine]);
  return (
    <>
      <button
        type="button"
        className="status-button"
        title={`${t("Actual size")} (Ctrl+0)`}
        onClick={() => actionOf("actualSize").run(editor)}
      >
        <span ref={percent} />
      </button>
      <button
        type="button"
        className="status-button"
        aria-label={t("Fit view")}
        title={`${t("Fit view")} (.)`}
        onClick={() => actionOf("fit").run(editor)}
      >
        <Maximize size={13} aria-hidden />
      </button>
      <button
        type="button"
        className="status-button"
        aria-label={t("Minimap")}
        aria-pressed={mapShown}
        title={`${t("Minimap")} (Alt+M)`}
        onClick={() => actionOf("minimap").run(editor)}
      >
        <MapIcon size={13} aria-hidden />
      </button>
    </>
  );
}

function shorten(name: string): string {
  return name.replace(/^cuda:\d+ /, "").replace(/ :.*$/, "");
}
