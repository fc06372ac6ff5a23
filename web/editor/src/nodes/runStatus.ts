/** What a run says about each node: kept outside React and outside the document, told to the one view that shows it. */
import type { Compared } from "../api/messages";
import type { FileRef, NodeProblem } from "../api/types";
import type { NodeId } from "../graph/records";
import { Emitter } from "../lib/emitter";
import type { Json } from "../lib/json";

export type RunState = "idle" | "running" | "done" | "cached" | "error";

export interface NodeRun {
  readonly state: RunState;
  /** 0..1 while the node tells, null while it only runs. */
  readonly progress: number | null;
  readonly seconds: number | null;
  /** Why it ran although it may have run before, in the server's words. */
  readonly why: string;
  /** What the node said in this run, oldest first. */
  readonly log: readonly string[];
  readonly problems: readonly NodeProblem[];
  /** Found before anything ran: the problems stay while the rest of the workflow runs. */
  readonly refused: boolean;
  /** URL of the latest latent preview. */
  readonly preview: string | null;
  /** Pictures, videos and sounds that it made. */
  readonly images: readonly FileRef[];
  readonly compared: Compared | null;
  readonly texts: readonly string[];
}

/** What runs have left on the nodes. */
export type Results = Readonly<Record<NodeId, Pick<NodeRun, "images" | "compared" | "texts">>>;

const NOTHING: NodeRun = {
  state: "idle",
  progress: null,
  seconds: null,
  why: "",
  log: [],
  problems: [],
  refused: false,
  preview: null,
  images: [],
  compared: null,
  texts: [],
};

const MOST_LINES = 200;

/** A picture may still be loading from its URL when the next one arrives. */
function retire(url: string): void {
  setTimeout(() => URL.revokeObjectURL(url), 5000);
}

export class RunStatus {
  /** Any node's state changed; for what is drawn far away. */
  readonly changed = new Emitter<NodeId>();
  /** A node has made something. */
  readonly made = new Emitter<NodeId>();
  /** The node that made something last. */
  latest: NodeId | null = null;
  private readonly runs = new Map<NodeId, NodeRun>();
  private readonly watchers = new Map<NodeId, Set<() => void>>();
  private readonly queuedValues = new Map<string, Json>();

  get(id: NodeId): NodeRun {
    return this.runs.get(id) ?? NOTHING;
  }

  update(id: NodeId, patch: Partial<NodeRun>): void {
    const before = this.get(id);
    const after = { ...before, ...patch };
    if (before.preview && before.preview !== after.preview) retire(before.preview);
    this.runs.set(id, after);
    for (const listener of [...(this.watchers.get(id) ?? [])]) listener();
    this.changed.emit(id);
    if (before.images === after.images && before.texts === after.texts) return;
    this.latest = id;
    this.made.emit(id);
  }

  /** The latest preview of whichever node is making a picture. */
  get livePreview(): string | null {
    for (const { state, preview } of this.runs.values()) if (state === "running" && preview) return preview;
    return null;
  }

  get results(): Results {
    const made = [...this.runs].filter(([, { images, texts }]) => images.length || texts.length);
    return Object.fromEntries(
      made.map(([id, { images, compared, texts }]) => [id, { images, compared, texts }]),
    );
  }

  restore(results: Results): void {
    for (const [id, made] of Object.entries(results)) this.update(id, made);
  }

  /**
   * A run begins: pictures and previews of the last one stay until there are new ones, so that nothing jumps. So does
   * all that is shown where other runs are at work.
   */
  beginRun(atWork: ReadonlySet<NodeId>): void {
    for (const [id] of [...this.runs]) {
      if (atWork.has(id)) continue;
      const { preview, images, compared, texts, refused, problems } = this.get(id);
      const kept = refused ? ({ state: "error", refused, problems } as const) : {};
      this.update(id, { ...NOTHING, ...kept, preview, images, compared, texts });
    }
  }

  /** A line of a node's own. The oldest ones of a chatty node are let go. */
  say(id: NodeId, line: string): void {
    const { log } = this.get(id);
    if (line && log.at(-1) !== line) this.update(id, { log: [...log, line].slice(-MOST_LINES) });
  }

  /** Of some nodes, or of all. */
  clearProblems(ids: Iterable<NodeId> = this.runs.keys()): void {
    for (const id of [...ids]) {
      this.clear(id);
      // The subgraphs around it say that something inside is wrong.
      for (let host = hostOf(id); host && !this.failsIn(host); host = hostOf(host)) this.clear(host);
    }
  }

  private clear(id: NodeId): void {
    const { problems, state } = this.get(id);
    if (problems.length)
      this.update(id, { problems: [], refused: false, state: state === "error" ? "idle" : state });
  }

  private failsIn(host: NodeId): boolean {
    return [...this.runs].some(([id, { problems }]) => id.startsWith(`${host}:`) && problems.length > 0);
  }

  /** Another workflow: ids mean other nodes now. */
  reset(): void {
    for (const [id] of [...this.runs]) {
      this.update(id, NOTHING);
      this.runs.delete(id);
    }
    this.latest = null;
    this.queuedValues.clear();
  }

  watch(id: NodeId, listener: () => void): () => void {
    const listeners = this.watchers.get(id) ?? new Set();
    listeners.add(listener);
    this.watchers.set(id, listeners);
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.watchers.get(id) === listeners) this.watchers.delete(id);
    };
  }

  rememberQueued(id: NodeId, name: string, value: Json): void {
    this.queuedValues.set(`${id}\n${name}`, value);
  }

  /** The value a widget had when it was last queued: the seed of the picture that one sees. */
  lastQueued(id: NodeId, name: string): Json | undefined {
    return this.queuedValues.get(`${id}\n${name}`);
  }
}

/** The subgraph around a node, by its id in the prompt; empty where there is none. */
function hostOf(id: NodeId): NodeId {
  return id.slice(0, Math.max(0, id.lastIndexOf(":")));
}
