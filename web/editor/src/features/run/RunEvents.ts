/** Carries what the server reports of runs to the nodes of the tabs that asked for them, and to the frame of the page. */
import type { Editor } from "../../actions/editor";
import type { Api } from "../../api/http";
import type { ServerMessage } from "../../api/messages";
import type { Connection, EventLine } from "../../api/socket";
import type { RunOutcome } from "../../api/types";
import type { NodeId } from "../../graph/records";
import type { NodeRun } from "../../nodes/runStatus";
import type { Tabs } from "../../tabs/Tabs";
import { SILENT } from "./partial";
import { atWork, type Place, placeIn, show } from "./places";
import type { PromptTabs } from "./promptTabs";
import { RunList } from "./RunList";
import { reportFailure } from "./reports";
import type { RunInfo, RunStore } from "./runStore";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;
type Timing = Pick<NodeRun, "seconds" | "why">;

export class RunEvents {
  private readonly cleanups: (() => void)[] = [];
  private readonly runs: RunList;
  /** What the server has measured in each run, by the node that shows it. */
  private readonly timings = new Map<string, Map<NodeId, Timing>>();

  constructor(
    private readonly tabs: Tabs,
    private readonly api: Api,
    line: EventLine,
    private readonly store: RunStore,
    private readonly prompts: PromptTabs,
    private readonly reveal: Editor["reveal"],
  ) {
    this.runs = new RunList(store);
    this.cleanups.push(
      line.message.on((message) => this.receive(message)),
      line.connectionChanged.on((connection) => this.connected(connection)),
    );
    store.setState({ connection: line.connection });
  }

  destroy(): void {
    for (const cleanup of this.cleanups) cleanup();
  }

  private connected(connection: Connection): void {
    this.store.setState({ connection });
    const runs = this.runs.all;
    if (connection !== "open" || !runs.length) return;
    // What was missed is told again; a server that has forgotten a run tells nothing.
    this.api.queue().then(
      ({ running }) => {
        for (const { promptId } of runs)
          if (!running.some((entry) => entry.promptId === promptId)) this.endRun(promptId);
      },
      () => {},
    );
  }

  private receive(message: ServerMessage): void {
    switch (message.type) {
      case "status":
        this.store.setState(({ revision }) => ({ remaining: message.remaining, revision: revision + 1 }));
        return;
      case "execution_start":
        this.begin(message.promptId);
        return;
      case "execution_cached":
        for (const id of message.nodes)
          this.settle(message.promptId, this.place(message.promptId, id), { state: "cached" });
        return;
      case "executing":
        if (message.node === null) this.endRun(message.promptId);
        else this.beginNode(message.promptId || this.runs.only, message.node);
        return;
      case "progress":
        this.progress(message.promptId, message.node, message.value, message.max);
        return;
      case "progress_state":
        for (const { id, value, max, state } of message.nodes) {
          if (state === "running" && max > 1) this.progress(message.promptId, id, value, max);
        }
        return;
      case "executed":
        this.executed(message);
        return;
      case "preview":
        this.preview(message);
        return;
      case "node_timing":
        this.timed(message);
        return;
      case "text":
        this.say(message.node, message.text);
        return;
      case "execution_success":
        this.finish(message.promptId, "success");
        return;
      case "execution_interrupted":
        this.finish(message.promptId, "interrupted");
        return;
      case "execution_error":
        this.failed(message);
        return;
    }
  }

  /** What was queued under our name but not by us, by a pack for example, is taken to be the workflow in view. */
  private begin(promptId: string): void {
    if (!this.prompts.has(promptId)) this.prompts.add(promptId, this.tabs.current);
    this.join(promptId);
    this.runs.change(promptId, { at: "", startedAt: performance.now() });
    this.timings.delete(promptId);
    const tab = this.prompts.of(promptId);
    tab?.status.beginRun(atWork(tab, this.runs.othersThan(promptId)));
  }

  /** Also in the middle of a run, after a reload. */
  private join(promptId: string): void {
    if (!promptId || this.runs.get(promptId)) return;
    this.runs.add(promptId, this.prompts.of(promptId)?.id ?? null);
  }

  private beginNode(promptId: string, id: string): void {
    this.endNode(promptId);
    this.join(promptId);
    const place = this.place(promptId, id);
    const title = place?.tab.doc.shape(place.node)?.title ?? "";
    const nodeStartedAt = performance.now();
    this.runs.change(promptId, { at: id, node: place?.node ?? null, title, step: null, nodeStartedAt });
    this.showWork(promptId, place, { state: "running", progress: null });
  }

  private endNode(promptId: string): void {
    const run = this.runs.get(promptId);
    if (!run?.at) return;
    this.runs.change(promptId, { at: "" });
    const place = this.place(promptId, run.at);
    // The server knows better, but does not measure nodes that take next to nothing.
    const measured = place && this.timings.get(promptId)?.get(place.node)?.seconds;
    const seconds = measured ?? (performance.now() - run.nodeStartedAt) / 1000;
    this.settle(promptId, place, { state: "done", progress: null, seconds });
  }

  private timed({ promptId, node: id, seconds, why }: Of<"node_timing">): void {
    const place = this.place(promptId, id);
    if (!place) return;
    const timings = this.timings.get(promptId) ?? new Map<NodeId, Timing>();
    this.timings.set(promptId, timings);
    const before = timings.get(place.node);
    // Nodes inside a subgraph add up on their host.
    const sum = place.node === id ? seconds : (before?.seconds ?? 0) + seconds;
    timings.set(place.node, { seconds: sum, why: before?.why || why });
    if (this.runs.get(promptId)?.at === id) this.runs.change(promptId, { at: "" });
    this.settle(promptId, place, { state: "done", progress: null, seconds, why });
    place.tab.status.update(place.node, { seconds: sum, why: before?.why || why });
  }

  /** A line names no prompt: it is taken to come from a run that is at that node. */
  private say(id: string, line: string): void {
    const runs = this.runs.all;
    const run = runs.find(({ at }) => at === id) ?? runs[0];
    const place = run ? this.place(run.promptId, id) : null;
    for (const key of new Set(place ? [place.node, id] : [])) place?.tab.status.say(key, line.trim());
  }

  private progress(promptId: string, id: string, value: number, max: number): void {
    const place = this.place(promptId, id);
    if (!place || !(max > 0)) return;
    // Nobody has said that it began: the page was opened, or opened anew, in the middle of it.
    if (!this.runs.get(promptId)?.at) this.beginNode(promptId, id);
    this.runs.change(promptId, { step: { value, max } });
    this.showWork(promptId, place, { state: "running", progress: Math.min(1, value / max) });
  }

  private executed({ promptId, node: id, images, compared, text }: Of<"executed">): void {
    const place = id.endsWith(SILENT) ? null : this.place(promptId, id);
    if (!place) return;
    const run = place.tab.status.get(place.node);
    show(place, {
      images: images.length ? images : run.images,
      compared: images.length ? compared : run.compared,
      texts: text.length ? text : run.texts,
    });
  }

  private preview({ promptId: named, node, image }: Of<"preview">): void {
    const promptId = named ?? this.runs.only;
    const place = this.place(promptId, node ?? this.runs.get(promptId)?.at ?? "");
    const older = place ? atWork(place.tab, this.runs.olderThan(promptId)) : new Set();
    // Each keeps a URL of its own, since each lets it go by itself.
    for (const key of place?.shownBy ?? [])
      if (!older.has(key)) place?.tab.status.update(key, { preview: URL.createObjectURL(image) });
  }

  private failed(message: Of<"execution_error">): void {
    const place = this.place(message.promptId, message.node);
    const problem = { message: message.message || message.exception, details: "", input: null };
    show(place, { state: "error", progress: null, problems: [problem], refused: false });
    reportFailure(message, place?.tab ?? null, place?.id ?? null, this.reveal);
    // A blocked branch fails while the run goes on.
    const goesOn = message.exception === "ExecutionBlocked";
    if (!goesOn || this.runs.get(message.promptId)?.at === message.node)
      this.runs.change(message.promptId, { at: "" });
    if (!goesOn) this.finish(message.promptId, "error");
  }

  private finish(promptId: string, outcome: RunOutcome): void {
    if (outcome === "success") this.endNode(promptId);
    const startedAt = this.runs.get(promptId)?.startedAt ?? null;
    const seconds = startedAt === null ? null : (performance.now() - startedAt) / 1000;
    this.endRun(promptId, { last: { outcome, seconds } });
  }

  private endRun(promptId: string, more: Partial<RunInfo> = {}): void {
    const at = this.runs.get(promptId)?.at;
    if (at) this.settle(promptId, this.place(promptId, at), { state: "idle", progress: null });
    this.timings.delete(promptId);
    this.store.setState(({ runs, revision }) => ({
      runs: runs.filter((run) => run.promptId !== promptId),
      revision: revision + 1,
      ...more,
    }));
  }

  /** The node is not at work any more, unless another run is at it, too. */
  private settle(promptId: string, place: Place | null, patch: Partial<NodeRun>): void {
    if (place) show(place, patch, atWork(place.tab, this.runs.othersThan(promptId)));
  }

  /** How far a run is at a node. Of several runs at the same node, the oldest shows it. */
  private showWork(promptId: string, place: Place | null, patch: Partial<NodeRun>): void {
    if (place) show(place, patch, atWork(place.tab, this.runs.olderThan(promptId)));
  }

  private place(promptId: string, id: string): Place | null {
    const tab = this.prompts.of(promptId);
    return tab ? placeIn(tab, id) : null;
  }
}
