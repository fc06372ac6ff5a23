/** What the frame of the page shows of queue and runs. */
import { createStore } from "zustand/vanilla";
import type { AutoMode } from "../../actions/editor";
import type { Connection } from "../../api/socket";
import type { RunOutcome } from "../../api/types";
import type { NodeId } from "../../graph/records";

/** A run of this page that is under way. */
export interface Run {
  readonly promptId: string;
  /** The tab that asked for it; null for a run that no open tab asked for. */
  readonly tab: string | null;
  /** The node it is at, by its id in the prompt: inside a subgraph, perhaps. Empty between two nodes. */
  readonly at: string;
  /** The last one it was at, in its tab. */
  readonly node: NodeId | null;
  readonly title: string;
  readonly step: { readonly value: number; readonly max: number } | null;
  /** Null where the page has not seen it begin. */
  readonly startedAt: number | null;
  readonly nodeStartedAt: number;
}

export interface RunInfo {
  readonly connection: Connection;
  /** Prompts running and waiting. */
  readonly remaining: number;
  /** In the order they began. */
  readonly runs: readonly Run[];
  readonly last: { readonly outcome: RunOutcome; readonly seconds: number | null } | null;
  readonly auto: AutoMode;
  /** Counts up whenever queue or history changed on the server. */
  readonly revision: number;
}

export type RunStore = ReturnType<typeof createRunStore>;

export function createRunStore() {
  return createStore<RunInfo>(() => ({
    connection: "connecting",
    remaining: 0,
    runs: [],
    last: null,
    auto: "off",
    revision: 0,
  }));
}

export function percentOf({ step }: Run): number | null {
  return step && Math.round((100 * step.value) / step.max);
}
