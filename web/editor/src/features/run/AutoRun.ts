/** Runs without being asked: again after each run, or after a change that changes the result. It stops at a failure. */
import type { AutoMode, Runner } from "../../actions/editor";
import type { GraphDocument } from "../../graph/document";
import { needsServerConversion, toApiPrompt } from "../../graph/formats/apiPrompt";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import { type JsonObject, stringifyJson } from "../../lib/json";
import type { Tabs } from "../../tabs/Tabs";
import type { RunStore } from "./runStore";

/** Whoever types is not interrupted at every letter. */
const CALM = 300;

export class AutoRun {
  private readonly cleanups: (() => void)[];
  private followed: (() => void) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private queueing = false;
  /** What the last run was made of. */
  private ran = "";

  constructor(
    private readonly tabs: Tabs,
    private readonly store: RunStore,
    private readonly runner: Pick<Runner, "queue">,
  ) {
    this.cleanups = [
      tabs.changed.on(() => this.follow()),
      store.subscribe((now, before) => {
        if (now.last !== before.last && now.last?.outcome !== "success") this.set("off");
        if (now.remaining !== before.remaining || now.runs.length !== before.runs.length) this.soon();
      }),
    ];
  }

  set(auto: AutoMode): void {
    this.store.setState({ auto });
    this.ran = "";
    this.follow();
    this.soon();
  }

  destroy(): void {
    clearTimeout(this.timer);
    this.followed?.();
    for (const cleanup of this.cleanups) cleanup();
  }

  /** The document in view, while it matters what happens to it. */
  private follow(): void {
    this.followed?.();
    this.followed = null;
    if (this.store.getState().auto !== "change") return;
    this.followed = this.tabs.current.doc.store.changed.on(() => this.soon());
  }

  private soon(): void {
    clearTimeout(this.timer);
    if (this.store.getState().auto !== "off") this.timer = setTimeout(() => void this.consider(), CALM);
  }

  private async consider(): Promise<void> {
    const { auto, remaining, runs, connection } = this.store.getState();
    if (auto === "off" || this.queueing || remaining || runs.length || connection !== "open") return;
    const { doc } = this.tabs.current;
    if (auto === "change" && fingerprint(doc) === this.ran) return;
    this.queueing = true;
    const taken = await this.runner.queue();
    this.queueing = false;
    // Seeds that were drawn after the run are no change of the person's.
    this.ran = fingerprint(doc);
    if (!taken && auto === "instant") this.set("off");
  }
}

/** Where nodes lie does not matter, what is sent does. */
function fingerprint(doc: GraphDocument): string {
  const sent = needsServerConversion(doc)
    ? writeWorkflow(doc)
    : toApiPrompt(doc, { random: () => 0, now: EPOCH });
  return stringifyJson(sent as JsonObject);
}

const EPOCH = new Date(0);
