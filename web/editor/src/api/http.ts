/** Every request that the editor makes of the server, by name. */
import { isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../lib/json";
import { readFiles, readHistory, readNodeErrors, readQueue, readSystemStats, text } from "./readers";
import type {
  FileRef,
  HistoryEntry,
  NodeErrors,
  QueueAnswer,
  QueueRequest,
  QueueState,
  SystemStats,
} from "./types";

/** The server could not be reached, or answered with something that is no answer. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The server read the prompt and refused it. */
export class PromptRejected extends Error {
  constructor(
    message: string,
    readonly details: string,
    readonly nodeErrors: NodeErrors,
  ) {
    super(message);
  }
}

export interface Api {
  objectInfo(): Promise<Json>;
  systemStats(): Promise<SystemStats>;
  queuePrompt(request: QueueRequest): Promise<QueueAnswer>;
  queue(): Promise<QueueState>;
  history(count: number): Promise<HistoryEntry[]>;
  interrupt(promptId?: string): Promise<void>;
  removeFromQueue(promptIds: readonly string[]): Promise<void>;
  clearQueue(): Promise<void>;
  clearHistory(): Promise<void>;
  uploadImage(file: File): Promise<FileRef>;
  viewUrl(file: FileRef): string;
}

export class HttpApi implements Api {
  constructor(private readonly base = "api/") {}

  objectInfo(): Promise<Json> {
    return this.get("object_info");
  }

  async systemStats(): Promise<SystemStats> {
    return readSystemStats(await this.get("system_stats"));
  }

  async queuePrompt(request: QueueRequest): Promise<QueueAnswer> {
    const response = await this.send("prompt", stringifyJson({ ...request } as unknown as JsonObject));
    const body = await readBody(response);
    if (response.ok && isObject(body)) {
      return { promptId: text(body.prompt_id), nodeErrors: readNodeErrors(body.node_errors) };
    }
    if (isObject(body) && isObject(body.error)) throw rejection(body, body.error);
    throw failure("prompt", response);
  }

  async queue(): Promise<QueueState> {
    return readQueue(await this.get("queue"));
  }

  async history(count: number): Promise<HistoryEntry[]> {
    return readHistory(await this.get(`history?max_items=${count}`));
  }

  interrupt(promptId?: string): Promise<void> {
    return this.post("interrupt", promptId ? { prompt_id: promptId } : {});
  }

  removeFromQueue(promptIds: readonly string[]): Promise<void> {
    return this.post("queue", { delete: promptIds });
  }

  clearQueue(): Promise<void> {
    return this.post("queue", { clear: true });
  }

  clearHistory(): Promise<void> {
    return this.post("history", { clear: true });
  }

  async uploadImage(file: File): Promise<FileRef> {
    const form = new FormData();
    form.set("image", file);
    const response = await this.send("upload/image", form);
    const body = await readBody(response);
    if (!response.ok || !isObject(body)) throw failure("upload/image", response);
    const [ref] = readFiles([{ filename: body.name, subfolder: body.subfolder, type: body.type ?? "input" }]);
    if (!ref)
      throw new RequestFailed(
        "The server took the picture but did not say under which name",
        response.status,
      );
    return ref;
  }

  viewUrl({ filename, subfolder, type }: FileRef): string {
    return `${this.base}view?${new URLSearchParams({ filename, subfolder, type })}`;
  }

  private async get(path: string): Promise<Json> {
    const response = await this.fetch(path, {});
    if (!response.ok) throw failure(path, response);
    const body = await readBody(response);
    if (body === undefined) throw new RequestFailed(`The answer to ${path} is not JSON`, response.status);
    return body;
  }

  private async post(path: string, body: JsonObject): Promise<void> {
    const response = await this.send(path, stringifyJson(body));
    if (!response.ok) throw failure(path, response);
    await response.text();
  }

  private send(path: string, body: string | FormData): Promise<Response> {
    const headers = typeof body === "string" ? { "Content-Type": "application/json" } : undefined;
    return this.fetch(path, { method: "POST", body, headers });
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.base + path, init);
    } catch {
      throw new RequestFailed("The server cannot be reached", 0);
    }
  }
}

function rejection(body: JsonObject, error: JsonObject): PromptRejected {
  const nodeErrors = new Map(readNodeErrors(body.node_errors));
  const info = isObject(error.extra_info) ? error.extra_info : {};
  const id = text(info.node_id);
  // Some refusals name one node at the top and none below.
  if (id && !nodeErrors.has(id))
    nodeErrors.set(id, [{ message: text(error.message), details: "", input: null }]);
  return new PromptRejected(
    text(error.message) || "The server refused the workflow",
    text(error.details),
    nodeErrors,
  );
}

async function readBody(response: Response): Promise<Json | undefined> {
  try {
    return parseJson(await response.text());
  } catch {
    return undefined;
  }
}

function failure(path: string, response: Response): RequestFailed {
  const reason = response.statusText ? ` ${response.statusText}` : "";
  return new RequestFailed(
    `${path.split("?")[0]}: the server answered ${response.status}${reason}`,
    response.status,
  );
}
