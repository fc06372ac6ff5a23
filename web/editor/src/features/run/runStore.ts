/** What the frame of the page shows of queue and run. */
import { createStore } from "zustand/vanilla";
import type { AutoMode } from "../../actions/editor";
import type { Connection } from "../../api/socket";
import type { RunOutcome } from "../../api/types";
import type { NodeId } from "../../graph/records";

export interface RunInfo {
  readonly connection: Connection;
  /** Prompts running and waiting. */
  readonly remaining: number;
  readonly promptId: string | null;
  /** The tab that asked for it; null for a run that no open tab asked for. */
  readonly tab: string | null;
  /** In that tab. */
  readonly node: NodeId | null;
  readonly title: string;
  readonly step: { readonly value: number; readonly max: number } | null;
  /** Null where the page has not seen it begin. */
  readonly startedAt: number | null;
  readonly last: { readonly outcome: RunOutcome; readonly seconds: number | null } | null;
  readonly auto: AutoMode;
  /** Counts up whenever queue or history changed on the server. */
  readonly revision: number;
}

export type RunStore = ReturnType<typeof createRunStore>;

export const NO_RUN = { promptId: null, tab: null, node: null, title: "", step: null } as const;

export function createRunStore() {
  return createStore<RunInfo>(() => ({
    connection: "connecting",
    remaining: 0,
    ...NO_RUN,
    startedAt: null,
    last: null,
    auto: "off",
    revision: 0,
  }));
}
