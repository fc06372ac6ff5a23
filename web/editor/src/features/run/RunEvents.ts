/** Carries what the server reports of runs to the nodes of the tab that asked for them, and to the frame of the page. */
import type { Editor } from "../../actions/editor";
import type { Api } from "../../api/http";
import type { ServerMessage } from "../../api/messages";
import type { Connection, EventLine } from "../../api/socket";
import type { RunOutcome } from "../../api/types";
import type { GraphDocument } from "../../graph/document";
import type { NodeId } from "../../graph/records";
import type { NodeRun } from "../../nodes/runStatus";
import type { Tab } from "../../tabs/Tab";
import type { Tabs } from "../../tabs/Tabs";
import { SILENT } from "./partial";
import type { PromptTabs } from "./promptTabs";
import { reportFailure } from "./reports";
import { NO_RUN, type RunStore } from "./runStore";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** A node of an open workflow: by its id in the prompt, and by all ids that show its state. */
interface Place {
  readonly tab: Tab;
  readonly id: string;
  readonly node: NodeId;
  readonly shownBy: readonly string[];
}

export class RunEvents {
  private readonly cleanups: (() => void)[] = [];
  private nodeStarted = 0;
  /** The node that runs, by its id in the prompt: inside a subgraph, perhaps. */
  private inner = "";

  constructor(
    private readonly tabs: Tabs,
    private readonly api: Api,
    line: EventLine,
    private readonly store: RunStore,
    private readonly prompts: PromptTabs,
    private readonly reveal: Editor["reveal"],
  ) {
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
    const { promptId } = this.store.getState();
    if (connection !== "open" || !promptId) return;
    // What was missed is told again; a server that has forgotten the run tells nothing.
    this.api.queue().then(
      ({ running }) => running.some((entry) => entry.promptId === promptId) || this.endRun(),
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
        for (const id of message.nodes) show(this.place(message.promptId, id), { state: "cached" });
        return;
      case "executing":
        if (message.node === null) this.endRun();
        else this.beginNode(message.promptId, message.node);
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
        this.finish("success");
        return;
      case "execution_interrupted":
        this.finish("interrupted");
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
    this.store.setState({ startedAt: performance.now() });
    this.prompts.of(promptId)?.status.beginRun();
  }

  /** Also in the middle of a run, after a reload. */
  private join(promptId: string): void {
    if (!promptId || this.store.getState().promptId === promptId) return;
    const tab = this.prompts.of(promptId)?.id ?? null;
    this.store.setState({ promptId, tab, node: null, title: "", step: null, startedAt: null });
  }

  private beginNode(promptId: string, id: string): void {
    this.endNode();
    this.join(promptId);
    const place = this.place(promptId, id);
    const title = place?.tab.doc.shape(place.node)?.title ?? "";
    this.store.setState({ node: place?.node ?? null, title, step: null });
    this.nodeStarted = performance.now();
    show(place, { state: "running", progress: null });
    this.inner = id;
  }

  private endNode(): void {
    const place = this.running();
    if (!place) return;
    // The server knows better, but does not measure nodes that take next to nothing.
    const seconds = place.tab.status.get(place.node).seconds ?? (performance.now() - this.nodeStarted) / 1000;
    show(place, { state: "done", progress: null, seconds });
  }

  private timed({ promptId, node: id, seconds, why }: Of<"node_timing">): void {
    const place = this.place(promptId, id);
    if (!place) return;
    const { tab, node } = place;
    const run = tab.status.get(node);
    // Nodes inside a subgraph add up on their host.
    const sum = node === id ? seconds : (run.seconds ?? 0) + seconds;
    show(place, { state: "done", progress: null, seconds, why });
    tab.status.update(node, { seconds: sum, why: run.why || why });
  }

  private say(id: string, line: string): void {
    const place = this.place("", id);
    for (const key of new Set(place ? [place.node, id] : [])) place?.tab.status.say(key, line.trim());
  }

  private progress(promptId: string, id: string, value: number, max: number): void {
    const place = this.place(promptId, id);
    if (!place || !(max > 0)) return;
    this.join(promptId);
    // Nobody has said that it began: the page was opened, or opened anew, in the middle of it.
    if (!this.running()) this.beginNode(promptId, id);
    this.store.setState({ step: { value, max } });
    show(place, { state: "running", progress: Math.min(1, value / max) });
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

  private preview({ promptId, node: id, image }: Of<"preview">): void {
    const place = this.place(promptId ?? "", id ?? this.inner);
    // Each keeps a URL of its own, since each lets it go by itself.
    for (const key of place?.shownBy ?? [])
      place?.tab.status.update(key, { preview: URL.createObjectURL(image) });
  }

  private failed(message: Of<"execution_error">): void {
    const place = this.place(message.promptId, message.node);
    const problem = { message: message.message || message.exception, details: "", input: null };
    show(place, { state: "error", progress: null, problems: [problem], refused: false });
    reportFailure(message, place?.tab ?? null, place?.id ?? null, this.reveal);
    // A blocked branch fails while the run goes on.
    if (message.exception !== "ExecutionBlocked") this.finish("error");
  }

  private finish(outcome: RunOutcome): void {
    const { startedAt } = this.store.getState();
    if (outcome === "success") this.endNode();
    const seconds = startedAt === null ? null : (performance.now() - startedAt) / 1000;
    this.store.setState({ last: { outcome, seconds } });
  }

  private endRun(): void {
    const place = this.running();
    show(place, { state: "idle", progress: null });
    this.store.setState(({ revision }) => ({ ...NO_RUN, revision: revision + 1 }));
  }

  /** The node that is running, if it is one of ours and still there. */
  private running(): Place | null {
    const { promptId } = this.store.getState();
    const place = promptId ? this.place(promptId, this.inner) : null;
    return place?.tab.status.get(place.node).state === "running" ? place : null;
  }

  /** Messages without a prompt are about the one that runs. */
  private place(promptId: string, id: string): Place | null {
    const tab = this.prompts.of(promptId || (this.store.getState().promptId ?? ""));
    const keys = tab ? shownBy(tab.doc, id) : [];
    const [node] = keys;
    return tab && node ? { tab, id, node, shownBy: keys } : null;
  }
}

/**
 * What shows the state of a node of the prompt, the one on the root's canvas first: it itself where it is, and every
 * subgraph around it. Empty when the workflow has no such node any more.
 */
export function shownBy(doc: GraphDocument, id: string): string[] {
  if (doc.node(id)) return [id];
  const parts = id.split(":");
  const host = id.split(/[:.]/)[0] ?? "";
  if (!doc.node(host)) return [];
  return [host, ...parts.slice(1).map((_, i) => parts.slice(0, i + 2).join(":"))];
}

function show(place: Place | null, patch: Partial<NodeRun>): void {
  for (const key of place?.shownBy ?? []) place?.tab.status.update(key, patch);
}
