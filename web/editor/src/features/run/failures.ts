/** The failure of a run that is looked at in full. */
import { createStore } from "zustand/vanilla";
import type { Failure } from "../../api/jobs";

export interface ShownFailure {
  readonly title: string;
  readonly error: Failure;
  /** Brings the person to the node, where its workflow is open. */
  readonly show: (() => void) | null;
}

export const failures = createStore<{ readonly shown: ShownFailure | null }>(() => ({ shown: null }));
