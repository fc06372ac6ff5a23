/** A server in memory for tests: it takes prompts and reports runs as the real one does, in the same order. */
import { Emitter } from "../../lib/emitter";
import { isArray, isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json";
import type { EarlierApi } from "../earlier";
import { type Api, PromptRejected, RequestFailed } from "../http";
import type { Job, JobsApi } from "../jobs";
import type { RawMessage, ServerMessage } from "../messages";
import { readQueue } from "../readers";
import type { Connection, EventLine } from "../socket";
import type {
  FileRef,
  HistoryEntry,
  ImportedGraph,
  QueueAnswer,
  QueueRequest,
  QueueState,
  SharedSubgraph,
  StoredFile,
  SystemStats,
  UploadPlace,
  UserFile,
} from "../types";

export interface FakeOptions {
  readonly objectInfo: JsonObject;
  /** Node ids that fail when they run, and how. */
  readonly failing?: Readonly<Record<string, string>>;
}

export class FakeServer implements Api, EventLine {
  readonly clientId = "fake-client";
  readonly connectionChanged = new Emitter<Connection>();
  readonly message = new Emitter<ServerMessage>();
  readonly raw = new Emitter<RawMessage>();
  connection: Connection = "connecting";
  readonly requests: QueueRequest[] = [];
  /** What is kept for the person, by path. */
  readonly files = new Map<string, string>();
  readonly subgraphs = new Map<string, string>();
  kept: JsonObject = {};

  readonly jobs: JobsApi = {
    list: async ({ limit, offset = 0 }) => ({
      jobs: this.done.slice(offset, offset + limit).map(jobOf),
      total: this.done.length,
    }),
    details: async (id) => {
      const entry = this.done.find(({ promptId }) => promptId === id) ?? missing(id);
      const { images, workflow, prompt } = entry;
      return { files: images, workflow, prompt: prompt as JsonObject, extraData: {} };
    },
    cancel: (id) => this.removeFromQueue([id]),
    forget: async (ids) => {
      this.done = this.done.filter(({ promptId }) => !ids.includes(promptId));
    },
  };

  readonly earlier: EarlierApi = {
    versions: async () => [],
    deleted: async () => [],
    read: async ({ path }) => missing(path),
  };

  private pending: { id: string; number: number; request: QueueRequest }[] = [];
  private done: HistoryEntry[] = [];
  private count = 0;

  constructor(private readonly options: FakeOptions) {}

  start(): void {
    this.connect("open");
    this.sendStatus();
  }

  close(): void {
    this.connect("lost");
  }

  connect(connection: Connection): void {
    this.connection = connection;
    this.connectionChanged.emit(connection);
  }

  async objectInfo(): Promise<Json> {
    return this.options.objectInfo;
  }

  async systemStats(): Promise<SystemStats> {
    return { devices: [{ name: "cpu", type: "cpu", total: 0, free: 0 }], ramTotal: 8e9, ramFree: 4e9 };
  }

  async queuePrompt(request: QueueRequest): Promise<QueueAnswer> {
    // Through text and back, as over the wire.
    const sent = parseJson(stringifyJson({ ...request } as unknown as JsonObject)) as unknown as QueueRequest;
    this.requests.push(sent);
    for (const [id, node] of Object.entries(sent.prompt)) {
      const type = isObject(node) ? String(node.class_type) : "";
      if (type in this.options.objectInfo) continue;
      const problem = { message: `Node '${type}' not found`, details: "", input: null };
      throw new PromptRejected(problem.message, `Node ID '#${id}'`, new Map([[id, [problem]]]));
    }
    const number = this.count++;
    const id = sent.prompt_id ?? `prompt-${number}`;
    this.pending.push({ id, number, request: sent });
    this.sendStatus();
    return { promptId: id, nodeErrors: new Map() };
  }

  async queue(): Promise<QueueState> {
    return readQueue({
      queue_running: [],
      queue_pending: this.pending.map(({ number, id }) => [number, id]),
    });
  }

  async history(count: number): Promise<HistoryEntry[]> {
    return this.done.slice(0, count);
  }

  async interrupt(): Promise<void> {}

  async removeFromQueue(promptIds: readonly string[]): Promise<void> {
    this.pending = this.pending.filter(({ id }) => !promptIds.includes(id));
    this.sendStatus();
  }

  async clearQueue(): Promise<void> {
    this.pending = [];
    this.sendStatus();
  }

  async clearHistory(): Promise<void> {
    this.done = [];
  }

  async uploadImage(file: File, place: UploadPlace = { subfolder: "", type: "input" }): Promise<FileRef> {
    return { filename: file.name, ...place };
  }

  async uploadMask(file: File, place: UploadPlace): Promise<FileRef> {
    return { filename: file.name, ...place };
  }

  async embeddings(): Promise<string[]> {
    return ["soft-light", "old/ink"];
  }

  async remoteOptions(): Promise<Json> {
    return ["a.png [output]", "b.png [output]"];
  }

  async infotext(source: string | File): Promise<ImportedGraph> {
    if (typeof source !== "string") throw new RequestFailed("the picture carries no infotext", 400);
    return { workflow: { nodes: [], links: [] }, warnings: [`read ${source}`] };
  }

  viewUrl({ filename, type }: FileRef): string {
    return `fake:${type}/${filename}`;
  }

  async listFiles(folder: string): Promise<UserFile[]> {
    const inside = [...this.files].filter(([path]) => path.startsWith(`${folder}/`));
    return inside.map(([path, text]) => ({
      path: path.slice(folder.length + 1),
      size: text.length,
      modified: 0,
    }));
  }

  async globalSubgraphs(): Promise<SharedSubgraph[]> {
    return [...this.subgraphs.keys()].map((id) => ({ id, name: id, pack: "pack" }));
  }

  async globalSubgraph(id: string): Promise<string> {
    return this.subgraphs.get(id) ?? missing(id);
  }

  /** The version of a file is its text. */
  async readFile(path: string): Promise<StoredFile> {
    const text = this.files.get(path) ?? missing(path);
    return { text, version: text };
  }

  async writeFile(path: string, text: string, overwrite: boolean, known?: string | null): Promise<string> {
    const before = this.files.get(path);
    if (before !== undefined && !overwrite) throw new RequestFailed(`${path} already exists`, 409);
    if (before !== undefined && known && known !== before)
      throw new RequestFailed(`${path} was changed meanwhile`, 412);
    this.files.set(path, text);
    return text;
  }

  async moveFile(path: string, to: string): Promise<void> {
    await this.writeFile(to, (await this.readFile(path)).text, false);
    this.files.delete(path);
  }

  async deleteFile(path: string): Promise<void> {
    if (!this.files.delete(path)) missing(path);
  }

  async settings(): Promise<JsonObject> {
    return this.kept;
  }

  async ask(path: string): Promise<Json> {
    return missing(path);
  }

  async followLog(): Promise<void> {}

  async extensions(): Promise<string[]> {
    return [];
  }

  async changeSettings(changes: JsonObject): Promise<void> {
    this.kept = { ...this.kept, ...changes };
  }

  /** Runs the first prompt in the queue and reports it, node by node. */
  runNext(): void {
    const job = this.pending.shift();
    if (!job) return;
    const promptId = job.id;
    const images: FileRef[] = [];
    this.send({ type: "execution_start", promptId });
    this.send({ type: "execution_cached", promptId, nodes: [] });
    let failure = "";
    for (const [node, entry] of Object.entries(job.request.prompt)) {
      const type = isObject(entry) ? String(entry.class_type) : "";
      this.send({ type: "executing", promptId, node });
      failure = this.options.failing?.[node] ?? "";
      if (failure) {
        const error = { message: failure, exception: "ValueError", traceback: "" };
        this.send({ type: "execution_error", promptId, node, nodeType: type, ...error });
        break;
      }
      this.send({ type: "progress", promptId, node, value: 1, max: 2 });
      if (!this.isOutput(type)) continue;
      const made = { filename: `${promptId}_00001_.png`, subfolder: "", type: "output" };
      images.push(made);
      this.send({ type: "executed", promptId, node, images: [made], compared: null, text: [], output: {} });
    }
    if (!failure) this.send({ type: "execution_success", promptId });
    const extra = job.request.extra_data.extra_pnginfo;
    this.done.unshift({
      promptId,
      images,
      outcome: failure ? "error" : "success",
      message: failure,
      seconds: 1,
      finishedAt: 0,
      workflow: isObject(extra) ? (extra.workflow ?? null) : null,
      prompt: job.request.prompt,
    });
    this.sendStatus();
    this.send({ type: "executing", promptId, node: null });
  }

  send(message: ServerMessage): void {
    this.message.emit(message);
  }

  private isOutput(type: string): boolean {
    const info = this.options.objectInfo[type];
    return isObject(info) && info.output_node === true && !isArray(info);
  }

  private sendStatus(): void {
    this.send({ type: "status", remaining: this.pending.length });
  }
}

function jobOf({ promptId, outcome, images }: HistoryEntry): Job {
  return {
    id: promptId,
    status: outcome === "success" ? "completed" : "failed",
    startedAt: 0,
    finishedAt: 0,
    outputs: images.length,
    preview: images[0] ?? null,
    failure: null,
  };
}

function missing(path: string): never {
  throw new RequestFailed(`there is no file ${path}`, 404);
}
