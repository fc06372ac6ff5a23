/** Sends the workflow to the server and carries what comes back to the nodes and to the frame of the page. */
import type { Editor, Runner } from "../../actions/editor";
import { type Api, PromptRejected } from "../../api/http";
import type { ServerMessage } from "../../api/messages";
import type { EventLine } from "../../api/socket";
import type { NodeErrors, RunOutcome } from "../../api/types";
import { applyControls, controlled } from "../../graph/controls";
import type { GraphDocument } from "../../graph/document";
import { needsServerConversion, toApiPrompt } from "../../graph/formats/apiPrompt";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import type { NodeId } from "../../graph/records";
import type { JsonObject } from "../../lib/json";
import type { NodeRun, RunStatus } from "../../nodes/runStatus";
import { closeTopic } from "../../ui/toasts";
import { RUN_TOPIC, reportFailure, reportRejection, reportRequest } from "./reports";
import type { RunStore } from "./runStore";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

export class RunController implements Runner {
  private readonly cleanups: (() => void)[];
  /** Which state of the page a prompt was queued from: ids of an earlier workflow mean nothing in this one. */
  private readonly generations = new Map<string, number>();
  through: Runner["through"] = (made, send) => send(made);
  private generation = 0;
  private nodeStarted = 0;
  /** The node that runs, by its id in the prompt: inside a subgraph, perhaps. */
  private inner = "";

  constructor(
    private readonly doc: GraphDocument,
    private readonly api: Api,
    private readonly line: EventLine,
    private readonly status: RunStatus,
    private readonly store: RunStore,
    private readonly reveal: Editor["reveal"],
    /** Whether seeds change before they are queued, so that the one that is shown is the one of the picture. */
    private readonly changesFirst: () => boolean = () => false,
  ) {
    this.cleanups = [
      line.message.on((message) => this.receive(message)),
      line.connectionChanged.on((connection) => {
        store.setState({ connection });
        if (connection === "lost") this.endRun();
      }),
      // Whoever changes a node deals with what was wrong with it.
      doc.touched.on((ids) => status.clearProblems([...ids].map((id) => doc.runId(id)))),
      doc.replacing.on(() => {
        this.generation++;
        closeTopic(RUN_TOPIC);
        status.reset();
      }),
    ];
    store.setState({ connection: line.connection });
  }

  destroy(): void {
    for (const cleanup of this.cleanups) cleanup();
  }

  async queue(count = 1): Promise<void> {
    this.status.clearProblems();
    closeTopic(RUN_TOPIC);
    try {
      for (let i = 0; i < count; i++) await this.queueOnce();
    } catch (error) {
      if (error instanceof PromptRejected) {
        this.markProblems(error.nodeErrors);
        reportRejection(error, this.doc, this.reveal);
      } else reportRequest(error as Error, () => void this.queue(count));
    }
  }

  async interrupt(): Promise<void> {
    try {
      await this.api.interrupt(this.store.getState().promptId ?? undefined);
    } catch (error) {
      reportRequest(error as Error);
    }
  }

  private async queueOnce(): Promise<void> {
    const changesFirst = this.changesFirst();
    if (changesFirst) applyControls(this.doc);
    const workflow = writeWorkflow(this.doc);
    const prompt = needsServerConversion(this.doc) ? workflow : (toApiPrompt(this.doc) as JsonObject);
    const generation = this.generation;
    const answer = await this.through({ output: prompt, workflow }, (made) =>
      this.api.queuePrompt({
        prompt: made.output,
        client_id: this.line.clientId,
        extra_data: { extra_pnginfo: { workflow: made.workflow } },
      }),
    );
    this.generations.set(answer.promptId, generation);
    if (generation !== this.generation) return;
    for (const { node, widget } of controlled(this.doc)) {
      this.status.rememberQueued(node.id, widget.name, node.values[widget.name] ?? widget.spec.default);
    }
    if (!changesFirst) applyControls(this.doc);
    if (!answer.nodeErrors.size) return;
    this.markProblems(answer.nodeErrors);
    const partial = new PromptRejected("Part of the workflow was left out", "", answer.nodeErrors);
    reportRejection(partial, this.doc, this.reveal);
  }

  private markProblems(errors: NodeErrors): void {
    for (const [id, problems] of errors) {
      const node = this.shown(id);
      if (node) this.show(node, id, { state: "error", problems });
    }
  }

  private receive(message: ServerMessage): void {
    switch (message.type) {
      case "status":
        this.store.setState(({ revision }) => ({ remaining: message.remaining, revision: revision + 1 }));
        return;
      case "execution_start":
        this.store.setState({
          promptId: message.promptId,
          node: null,
          step: null,
          startedAt: performance.now(),
        });
        if (this.concerns(message.promptId)) this.status.beginRun();
        return;
      case "execution_cached":
        if (this.concerns(message.promptId)) this.markCached(message.nodes);
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

  private markCached(nodes: readonly string[]): void {
    for (const id of nodes) {
      const node = this.shown(id);
      if (node) this.show(node, id, { state: "cached" });
    }
  }

  private beginNode(promptId: string, id: string): void {
    this.endNode();
    const node = this.concerns(promptId) ? this.shown(id) : null;
    this.inner = id;
    this.store.setState(({ promptId: known }) => ({ promptId: promptId || known, node, step: null }));
    this.nodeStarted = performance.now();
    if (node) this.show(node, id, { state: "running", progress: null });
  }

  private endNode(): void {
    const { node } = this.store.getState();
    if (!node || this.status.get(node).state !== "running") return;
    // The server knows better, but does not measure nodes that take next to nothing.
    const seconds = this.status.get(node).seconds ?? (performance.now() - this.nodeStarted) / 1000;
    this.show(node, this.inner, { state: "done", progress: null, seconds });
  }

  private timed({ promptId, node: id, seconds, why }: Of<"node_timing">): void {
    const node = this.concerns(promptId) ? this.shown(id) : null;
    if (!node) return;
    const run = this.status.get(node);
    // Nodes inside a subgraph add up on their host.
    const sum = node === id ? seconds : (run.seconds ?? 0) + seconds;
    this.show(node, id, { state: "done", progress: null, seconds, why });
    this.status.update(node, { seconds: sum, why: run.why || why });
  }

  private say(id: string, line: string): void {
    const node = this.concerns(this.store.getState().promptId ?? "") ? this.shown(id) : null;
    if (!node) return;
    this.status.say(node, line.trim());
    if (node !== id) this.status.say(id, line.trim());
  }

  private progress(promptId: string, id: string, value: number, max: number): void {
    const node = this.concerns(promptId) ? this.shown(id) : null;
    if (!node || !(max > 0)) return;
    this.store.setState({ step: { value, max } });
    this.show(node, id, { state: "running", progress: Math.min(1, value / max) });
  }

  private executed({ promptId, node: id, images, compared, text }: Of<"executed">): void {
    const node = this.concerns(promptId) ? this.shown(id) : null;
    if (!node) return;
    const run = this.status.get(node);
    this.show(node, id, {
      images: images.length ? images : run.images,
      compared: images.length ? compared : run.compared,
      texts: text.length ? text : run.texts,
    });
  }

  private preview({ promptId, node: id, image }: Of<"preview">): void {
    const info = this.store.getState();
    const known = id ?? this.inner;
    const node = this.concerns(promptId ?? info.promptId ?? "") ? this.shown(known) : null;
    // Each keeps a URL of its own, since each lets it go by itself.
    if (node)
      for (const key of keysOf(node, known)) this.status.update(key, { preview: URL.createObjectURL(image) });
  }

  private failed(message: Of<"execution_error">): void {
    const node = this.concerns(message.promptId) ? this.shown(message.node) : null;
    const problem = { message: message.message || message.exception, details: "", input: null };
    if (node) this.show(node, message.node, { state: "error", progress: null, problems: [problem] });
    reportFailure(message, node && message.node, this.doc, this.reveal);
    // A blocked branch fails while the run goes on.
    if (message.exception !== "ExecutionBlocked") this.finish("error");
  }

  private finish(outcome: RunOutcome): void {
    const { startedAt } = this.store.getState();
    if (outcome === "success") this.endNode();
    this.store.setState({ last: { outcome, seconds: (performance.now() - startedAt) / 1000 } });
  }

  private endRun(): void {
    const { node } = this.store.getState();
    if (node && this.status.get(node).state === "running")
      this.show(node, this.inner, { state: "idle", progress: null });
    this.store.setState(({ revision }) => ({
      promptId: null,
      node: null,
      step: null,
      revision: revision + 1,
    }));
  }

  private concerns(promptId: string): boolean {
    return (this.generations.get(promptId) ?? this.generation) === this.generation;
  }

  private show(node: NodeId, id: string, patch: Partial<NodeRun>): void {
    for (const key of keysOf(node, id)) this.status.update(key, patch);
  }

  /** The node on the root's canvas for an id of the prompt; nodes in a subgraph are shown by their host too. */
  private shown(id: string): NodeId | null {
    if (this.doc.node(id)) return id;
    const host = id.split(/[:.]/)[0] ?? "";
    return this.doc.node(host) ? host : null;
  }
}

/** What shows the state of a node: it itself where it is, and every subgraph around it. */
function keysOf(host: NodeId, id: string): string[] {
  const parts = id.split(":");
  return [host, ...parts.slice(1).map((_, i) => parts.slice(0, i + 2).join(":"))];
}
