/** What each workflow of the person has made last; kept up to date as workflows are run and saved. */
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { readFiles } from "../api/readers";
import type { FileRef } from "../api/types";
import { isObject, type Json } from "../lib/json";
import { useFeatures } from "./context";

/** By the path in the folder of workflows. Empty until the server has answered. */
export function usePictures(): ReadonlyMap<string, FileRef> {
  const { editor, run } = useFeatures();
  const { api, filesChanged } = editor;
  const revision = useStore(run, (state) => state.revision);
  const [pictures, setPictures] = useState<ReadonlyMap<string, FileRef>>(new Map());
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run may have made another picture
  useEffect(() => {
    let current = true;
    const load = () =>
      api.ask("workflow_pictures").then(
        (body) => current && setPictures(readPictures(body)),
        // Without an answer the names are enough.
        () => {},
      );
    void load();
    const off = filesChanged.on(load);
    return () => {
      current = false;
      off();
    };
  }, [api, filesChanged, revision]);
  return pictures;
}

function readPictures(body: Json): ReadonlyMap<string, FileRef> {
  const entries = Object.entries(isObject(body) ? body : {});
  return new Map(
    entries.flatMap(([path, file]) => readFiles([file ?? null]).map((one) => [path, one] as const)),
  );
}
