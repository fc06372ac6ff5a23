/** The runs of the server, kept up to date while they are shown: all that wait, and as much of the past as was asked for. */
import { useCallback, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { Job } from "../../api/jobs";
import { useLatest } from "../../ui/useLatest";
import { useFeatures } from "../context";

const PAGE = 40;
/** More are counted, not listed. */
const MOST_WAITING = 200;

export interface Jobs {
  readonly running: readonly Job[];
  readonly waiting: readonly Job[];
  readonly done: readonly Job[];
  readonly doneTotal: number;
}

export type JobsContent =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly jobs: Jobs };

export interface JobsControl {
  readonly content: JobsContent;
  readonly reload: () => Promise<void>;
  readonly more: () => void;
}

export function useJobs(): JobsControl {
  const { editor, run } = useFeatures();
  const { jobs } = editor.api;
  const revision = useStore(run, (state) => state.revision);
  const [limit, setLimit] = useState(PAGE);
  const [content, setContent] = useState<JobsContent>({ state: "loading" });

  const latest = useLatest();

  const reload = useCallback(() => {
    const answers = Promise.all([
      jobs.list({ statuses: ["in_progress", "pending"], limit: MOST_WAITING }),
      jobs.list({ statuses: ["completed", "failed", "cancelled"], limit }),
    ]);
    return latest(
      answers,
      ([active, done]) => {
        // The server lists the newest first; what began first and the next to run stand on top here.
        const running = active.jobs.filter(({ status }) => status === "in_progress").reverse();
        const waiting = active.jobs.filter(({ status }) => status === "pending").reverse();
        setContent({ state: "ready", jobs: { running, waiting, done: done.jobs, doneTotal: done.total } });
      },
      (error) => setContent({ state: "failed", message: error.message }),
    );
  }, [jobs, limit, latest]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the server says that something changed, not what
  useEffect(() => {
    const timer = setTimeout(() => void reload(), 100);
    return () => clearTimeout(timer);
  }, [reload, revision]);

  return { content, reload, more: () => setLimit(limit + PAGE) };
}
