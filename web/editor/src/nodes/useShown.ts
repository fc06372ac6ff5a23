/** Pictures are shown only once they are there, and the old ones until then: nothing flickers or jumps. */
import { useEffect, useState } from "react";
import type { FileRef } from "../api/types";
import { mediumOf } from "./fileRef";

export interface ShownItem {
  readonly url: string;
  /** Null: what comes while it is being made. */
  readonly file: FileRef | null;
}

export interface Shown {
  readonly items: readonly ShownItem[];
  /** Pixels of the first one. */
  readonly w: number;
  readonly h: number;
}

/** `failed`: the first file is gone, or is no picture. */
export function useShown(items: readonly ShownItem[]): {
  readonly shown: Shown | null;
  readonly failed: boolean;
} {
  const [shown, setShown] = useState<Shown | null>(null);
  const [failed, setFailed] = useState(false);
  const key = items.map((item) => item.url).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same addresses are the same files
  useEffect(() => {
    const [first] = items;
    setFailed(false);
    if (!first) {
      setShown(null);
      return;
    }
    let current = true;
    sizeOf(first).then(
      ([w, h]) => current && setShown({ items, w: w || 1, h: h || 1 }),
      () => {
        // A picture of the sampling that is late is none.
        if (!current || !first.file) return;
        setShown(null);
        setFailed(true);
      },
    );
    return () => {
      current = false;
    };
  }, [key]);
  return { shown, failed };
}

function sizeOf({ url, file }: ShownItem): Promise<[number, number]> {
  return new Promise((resolve, reject) => {
    if (file && mediumOf(file) === "video") {
      const video = document.createElement("video");
      video.preload = "metadata";
      video.onloadedmetadata = () => resolve([video.videoWidth, video.videoHeight]);
      video.onerror = reject;
      video.src = url;
    } else {
      const image = new Image();
      image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
      image.onerror = reject;
      image.src = url;
    }
  });
}
