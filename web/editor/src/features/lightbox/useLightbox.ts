/** Which picture the lightbox shows and which one beside it: of given files, or of what a node makes while it makes it. */
import { useCallback, useState, useSyncExternalStore } from "react";
import type { Look } from "../../actions/look";
import type { FileRef } from "../../api/types";
import { clamp } from "../../lib/geometry";
import { mediumOf } from "../../nodes/fileRef";
import { useEditor } from "../context";

export interface LightboxState {
  /** Address of the picture as far as it is made; then there is no file yet. */
  readonly live: string | null;
  readonly file: FileRef | null;
  /** What it is compared with. */
  readonly other: FileRef | null;
  /** Those before and after it. */
  readonly neighbours: readonly FileRef[];
  readonly index: number;
  readonly count: number;
  /** Null: there is no other one. */
  readonly turn: ((by: number) => void) | null;
  readonly go: (to: "first" | "last") => void;
  /** Puts the next one beside it, or ends that; null: there is nothing to compare. */
  readonly compare: (() => void) | null;
}

export function useLightbox(look: Look): LightboxState {
  const { files, live } = useFollowed(look);
  const [wanted, setWanted] = useState(look.index);
  const [pinned, setPinned] = useState(look.against ?? null);
  const index = clamp(wanted, 0, Math.max(0, files.length - 1));
  const file = (live === null && files[index]) || null;
  const other = (live === null && pinned !== null && files[pinned]) || null;

  const isPicture = (i: number) => mediumOf(files[i] as FileRef) === "image";
  const all = files.map((_, i) => i);
  const pictures = all.filter(isPicture);
  const next = (by: number, round: readonly number[]) =>
    round[(round.indexOf(index) + by + round.length) % round.length] ?? index;
  const round = other ? pictures.filter((i) => i !== pinned) : all;
  const compare = () => {
    if (!other) setWanted(next(1, pictures));
    setPinned(other ? null : index);
  };
  return {
    live,
    file,
    other,
    neighbours: round.length > 1 ? [next(1, round), next(-1, round)].map((i) => files[i] as FileRef) : [],
    index,
    count: live === null ? files.length : 1,
    turn: live === null && round.length > 1 ? (by) => setWanted(next(by, round)) : null,
    go: (to) => setWanted((to === "first" ? round[0] : round.at(-1)) ?? index),
    compare: file && isPicture(index) && pictures.length > 1 ? compare : null,
  };
}

function useFollowed({ files, node }: Look): {
  readonly files: readonly FileRef[];
  readonly live: string | null;
} {
  const editor = useEditor();
  // Of the tab that was open when the person began to look.
  const [status] = useState(editor.status);
  const subscribe = useCallback(
    (listener: () => void) => (node === undefined ? () => {} : status.watch(node, listener)),
    [status, node],
  );
  const run = useSyncExternalStore(subscribe, () => (node === undefined ? null : status.get(node)));
  if (!run) return { files, live: null };
  const made = run.images.filter((file) => mediumOf(file) !== "other");
  return { files: made.length ? made : files, live: run.state === "running" ? run.preview : null };
}
