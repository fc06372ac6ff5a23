/** What runs, what waits and what is done, newest first; as much of the past as one scrolls for. */
import { FolderOpen, RotateCw, Trash2, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { actionOf } from "../../actions";
import type { Job } from "../../api/jobs";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useFeatures } from "../context";
import type { PanelProps } from "../panels/panels";
import { percentOf } from "../run/runStore";
import { DoneRow } from "./DoneRow";
import { openWorkflowOf } from "./details";
import { type JobsControl, useJobs } from "./useJobs";

export function QueuePanel(props: PanelProps) {
  const control = useJobs();
  const { content, reload } = control;
  if (content.state === "loading") return <p className="panel-note">{t("Loading…")}</p>;
  if (content.state === "failed") {
    return (
      <div className="panel-note">
        <p>{content.message}</p>
        <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={() => void reload()}>
          {t("Try again")}
        </Button>
      </div>
    );
  }
  return (
    <>
      <Active control={control} running={content.jobs.running} waiting={content.jobs.waiting} />
      <Past control={control} done={content.jobs.done} total={content.jobs.doneTotal} {...props} />
    </>
  );
}

interface ActiveProps {
  readonly control: JobsControl;
  readonly running: readonly Job[];
  readonly waiting: readonly Job[];
}

function Active({ control, running, waiting }: ActiveProps) {
  const { editor } = useFeatures();
  const count = running.length + waiting.length;
  if (!count) return null;
  const cancel = (id: string) => void editor.api.jobs.cancel(id).then(control.reload, control.reload);
  return (
    <section aria-label={t("Queue")}>
      <header className="panel-head">
        <h2>{t("{count} {count|run|runs} in the queue", { count })}</h2>
        {waiting.length > 0 && (
          <Button onClick={() => actionOf("clearQueue").run(editor)}>{t("Clear waiting")}</Button>
        )}
      </header>
      <ul className="panel-list">
        {[...running, ...waiting].map((job, i) => (
          <li className="panel-row queue-row" key={job.id}>
            <span className="queue-name">{editor.runner.nameOf(job.id) ?? t("Another workflow")}</span>
            {i < running.length ? (
              <Progress id={job.id} />
            ) : (
              <span className="panel-quiet">{t("Waiting")}</span>
            )}
            <Button
              label={t("Open this workflow")}
              icon={<FolderOpen size={14} aria-hidden />}
              onClick={() => openWorkflowOf(editor, job.id)}
            />
            <Button
              label={i < running.length ? t("Interrupt") : t("Remove from the queue")}
              icon={<X size={14} aria-hidden />}
              onClick={() => cancel(job.id)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Progress({ id }: { readonly id: string }) {
  const { run } = useFeatures();
  const shown = useStore(run, ({ runs }) => runs.find(({ promptId }) => promptId === id));
  const percent = shown ? percentOf(shown) : null;
  return (
    <span className="panel-quiet">
      {shown?.title || t("Running")}
      {percent !== null && ` ${percent} %`}
    </span>
  );
}

interface PastProps extends PanelProps {
  readonly control: JobsControl;
  readonly done: readonly Job[];
  readonly total: number;
}

function Past({ control, done, total, openImages }: PastProps) {
  const { editor } = useFeatures();
  const clear = () => void editor.api.clearHistory().then(control.reload, control.reload);
  return (
    <section aria-label={t("History")}>
      <header className="panel-head">
        <h2>{t("History")}</h2>
        {total > 0 && (
          <Button label={t("Clear history")} icon={<Trash2 size={14} aria-hidden />} onClick={clear} />
        )}
      </header>
      {!total && <p className="panel-note">{t("What you run is listed here with its pictures.")}</p>}
      <ul className="panel-list">
        {done.map((job) => (
          <DoneRow key={job.id} job={job} openImages={openImages} onChanged={control.reload} />
        ))}
      </ul>
      {done.length < total && <More onSeen={control.more} left={total - done.length} />}
    </section>
  );
}

/** Asks for more as soon as it is scrolled to; a button for whoever does not scroll. */
function More({ onSeen, left }: { readonly onSeen: () => void; readonly left: number }) {
  const place = useRef<HTMLDivElement>(null);
  const seen = useRef(onSeen);
  seen.current = onSeen;
  // Anew with each page: what is still in view then asks for the next one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && seen.current());
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [left]);
  return (
    <div ref={place} className="panel-more">
      <Button kind="plain" onClick={onSeen}>
        {t("{count} more", { count: left })}
      </Button>
    </div>
  );
}
