/** Runs that made something to look at, newest first: a page at a time, by words that occur in them, kept up to date. */
import { useCallback, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { Job } from "../../api/jobs";
import type { FileRef } from "../../api/types";
import { useLatest } from "../../ui/useLatest";
import { useFeatures } from "../context";

const PAGE = 60;
const TYPING = 250;

/** A run, and the file that stands for it. */
export interface Result {
  readonly job: Job;
  readonly file: FileRef;
}

export type Results =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly list: readonly Result[]; readonly hasMore: boolean };

export function useResults(search: string) {
  const { editor, run } = useFeatures();
  const { jobs } = editor.api;
  const revision = useStore(run, (state) => state.revision);
  const [limit, setLimit] = useState(PAGE);
  const [results, setResults] = useState<Results>({ state: "loading" });

  const latest = useLatest();

  const reload = useCallback(
    () =>
      latest(
        jobs.list({ statuses: ["completed", "failed", "cancelled"], limit, search }),
        (page) => {
          const list = page.jobs.flatMap((job) => (job.preview ? [{ job, file: job.preview }] : []));
          setResults({ state: "ready", list, hasMore: page.jobs.length < page.total });
        },
        (error) => setResults({ state: "failed", message: error.message }),
      ),
    [jobs, limit, search, latest],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the server says that something changed, not what
  useEffect(() => {
    const timer = setTimeout(() => void reload(), TYPING);
    return () => clearTimeout(timer);
  }, [reload, revision]);

  const more = useCallback(() => setLimit((now) => now + PAGE), []);
  return { results, reload, more };
}
