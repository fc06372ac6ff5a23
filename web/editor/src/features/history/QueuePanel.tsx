/** What runs, what waits and what is done, newest first. */
import { FolderOpen, RotateCw, Trash2, X } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { HistoryEntry, QueueState } from "../../api/types";
import { formatSeconds, plural } from "../../lib/format";
import { Button } from "../../ui/Button";
import { useFeatures } from "../context";
import type { PanelProps } from "../panels/panels";

const SHOWN = 60;

type Content =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly queue: QueueState; readonly history: readonly HistoryEntry[] };

export function QueuePanel({ openImages }: PanelProps) {
  const { editor, run } = useFeatures();
  const { api } = editor;
  const revision = useStore(run, (state) => state.revision);
  const [content, setContent] = useState<Content>({ state: "loading" });

  const load = useCallback(async () => {
    try {
      const [queue, history] = await Promise.all([api.queue(), api.history(SHOWN)]);
      setContent({ state: "ready", queue, history });
    } catch (error) {
      setContent({ state: "failed", message: (error as Error).message });
    }
  }, [api]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the server says that something changed, not what
  useEffect(() => {
    const timer = setTimeout(() => void load(), 100);
    return () => clearTimeout(timer);
  }, [load, revision]);

  const act = (request: Promise<void>) => void request.then(load, load);
  if (content.state === "loading") return <p className="panel-note">Loading…</p>;
  if (content.state === "failed") {
    return (
      <div className="panel-note">
        <p>{content.message}</p>
        <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={() => void load()}>
          Try again
        </Button>
      </div>
    );
  }
  const { queue, history } = content;
  const active = [...queue.running, ...queue.pending];
  return (
    <>
      {active.length > 0 && (
        <section aria-label="Queue">
          <header className="panel-head">
            <h2>{plural(active.length, "run")} in the queue</h2>
            {queue.pending.length > 0 && <Button onClick={() => act(api.clearQueue())}>Clear</Button>}
          </header>
          <ul className="panel-list">
            {active.map((entry, i) => (
              <li className="panel-row" key={entry.promptId}>
                <span>{i < queue.running.length ? "Running" : "Waiting"}</span>
                <span className="panel-quiet">#{entry.number}</span>
                <Button
                  label={i < queue.running.length ? "Interrupt" : "Remove from the queue"}
                  icon={<X size={14} aria-hidden />}
                  onClick={() =>
                    act(
                      i < queue.running.length
                        ? api.interrupt(entry.promptId)
                        : api.removeFromQueue([entry.promptId]),
                    )
                  }
                />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-label="History">
        <header className="panel-head">
          <h2>History</h2>
          {history.length > 0 && (
            <Button
              label="Clear history"
              icon={<Trash2 size={14} aria-hidden />}
              onClick={() => act(api.clearHistory())}
            />
          )}
        </header>
        {!history.length && <p className="panel-note">What you run is listed here with its pictures.</p>}
        <ul className="panel-list">
          {history.map((entry) => (
            <HistoryRow key={entry.promptId} entry={entry} openImages={openImages} />
          ))}
        </ul>
      </section>
    </>
  );
}

function HistoryRow({ entry, openImages }: { readonly entry: HistoryEntry } & PanelProps) {
  const { editor } = useFeatures();
  const { outcome, seconds, finishedAt, images, message } = entry;
  const words = {
    success: seconds === null ? "Done" : formatSeconds(seconds),
    error: "Failed",
    interrupted: "Interrupted",
  };
  const time = finishedAt
    ? new Date(finishedAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : "";
  return (
    <li className="history-row" data-outcome={outcome}>
      <div className="panel-row">
        <span className="history-outcome">{words[outcome]}</span>
        <span className="panel-quiet">{time}</span>
        <Button
          label="Open this workflow"
          icon={<FolderOpen size={14} aria-hidden />}
          onClick={() => editor.tabs.open(entry.workflow ?? entry.prompt, { name: "From the history" })}
        />
      </div>
      {message && <p className="history-message">{message}</p>}
      {images.length > 0 && (
        <div className="history-images">
          {images.map((image, i) => (
            <button
              type="button"
              key={`${image.subfolder}/${image.filename}`}
              aria-label={`Open ${image.filename}`}
              onClick={() => openImages(images, i)}
            >
              <img src={editor.api.viewUrl(image)} alt={image.filename} loading="lazy" draggable={false} />
            </button>
          ))}
        </div>
      )}
    </li>
  );
}
