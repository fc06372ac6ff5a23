/** The runs of this page that are under way, in the order they began, as its store has them. */
import type { Run, RunStore } from "./runStore";

export class RunList {
  constructor(private readonly store: RunStore) {}

  get all(): readonly Run[] {
    return this.store.getState().runs;
  }

  get(promptId: string): Run | undefined {
    return this.all.find((run) => run.promptId === promptId);
  }

  /** What a message is about that names no prompt; empty where that is not clear. */
  get only(): string {
    const [run, another] = this.all;
    return run && !another ? run.promptId : "";
  }

  add(promptId: string, tab: string | null): void {
    const run = {
      promptId,
      tab,
      at: "",
      node: null,
      title: "",
      step: null,
      startedAt: null,
      nodeStartedAt: 0,
    };
    this.store.setState(({ runs }) => ({ runs: [...runs, run] }));
  }

  change(promptId: string, patch: Partial<Run>): void {
    this.store.setState(({ runs }) => ({
      runs: runs.map((run) => (run.promptId === promptId ? { ...run, ...patch } : run)),
    }));
  }

  othersThan(promptId: string): Run[] {
    return this.all.filter((run) => run.promptId !== promptId);
  }

  olderThan(promptId: string): readonly Run[] {
    const index = this.all.findIndex((run) => run.promptId === promptId);
    return this.all.slice(0, Math.max(0, index));
  }
}
