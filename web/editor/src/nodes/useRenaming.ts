import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { Titled } from "../canvas/renaming";
import { useServices } from "./services";

/** Whether this title is being edited, and how to end that. It ends too with the node or group itself. */
export function useRenaming(kind: Titled["kind"], id: string): [boolean, () => void] {
  const { renaming } = useServices().engine;
  const end = useCallback(() => renaming.end(kind, id), [renaming, kind, id]);
  useEffect(() => end, [end]);
  return [useSyncExternalStore(renaming.changed.on, () => renaming.is(kind, id)), end];
}
