/** Every request that the editor makes of the server, by name. */
import { isArray, isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../lib/json";
import { t } from "../lib/t";
import { type EarlierApi, HttpEarlier } from "./earlier";
import { failure, PromptRejected, RequestFailed, rejection } from "./failures";
import { HttpJobs, type JobsApi } from "./jobs";
import {
  readFiles,
  readHistory,
  readNodeErrors,
  readQueue,
  readSharedSubgraphs,
  readSystemStats,
  readUserFiles,
  text,
} from "./readers";
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
} from "./types";

export { PromptRejected, RequestFailed };

export interface Api {
  readonly jobs: JobsApi;
  readonly earlier: EarlierApi;
  objectInfo(): Promise<Json>;
  systemStats(): Promise<SystemStats>;
  queuePrompt(request: QueueRequest): Promise<QueueAnswer>;
  queue(): Promise<QueueState>;
  history(count: number): Promise<HistoryEntry[]>;
  interrupt(promptId?: string): Promise<void>;
  removeFromQueue(promptIds: readonly string[]): Promise<void>;
  clearQueue(): Promise<void>;
  clearHistory(): Promise<void>;
  /** To the top of `input` unless a place is given. */
  uploadImage(file: File, place?: UploadPlace): Promise<FileRef>;
  /** Sends a picture whose transparency is the mask; the answer names `original` under that transparency. */
  uploadMask(file: File, place: UploadPlace, original: FileRef): Promise<FileRef>;
  embeddings(): Promise<string[]>;
  /** A list of options at a path of this server. */
  remoteOptions(route: string): Promise<Json>;
  /** The graph that makes the picture of AUTOMATIC1111's web UI again: by its text, or by the file that carries it. */
  infotext(source: string | File): Promise<ImportedGraph>;
  viewUrl(file: FileRef): string;
  /** What lies in a folder of the person's, at any depth, by path in it; nothing when there is no such folder. */
  listFiles(folder: string): Promise<UserFile[]>;
  readFile(path: string): Promise<StoredFile>;
  /**
   * Answers the version that it is now. Without `overwrite` a file that is there already is a failure (409), and with
   * the `known` version one that is not as it was then (412).
   */
  writeFile(path: string, text: string, overwrite: boolean, known?: string | null): Promise<string | null>;
  moveFile(path: string, to: string): Promise<void>;
  deleteFile(path: string): Promise<void>;
  settings(): Promise<JsonObject>;
  changeSettings(changes: JsonObject): Promise<void>;
  /** The subgraphs that packs bring for reuse. */
  globalSubgraphs(): Promise<SharedSubgraph[]>;
  /** The text of one of them. */
  globalSubgraph(id: string): Promise<string>;
  /** What a route answers, for those that nothing else asks. */
  ask(path: string): Promise<Json>;
  /** Has the log told on a client's line, or no more. */
  followLog(clientId: string, enabled: boolean): Promise<void>;
  /** The addresses of the scripts that packs bring for the page. */
  extensions(): Promise<string[]>;
}

export class HttpApi implements Api {
  readonly jobs = new HttpJobs(this);
  readonly earlier = new HttpEarlier(this);

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

  uploadImage(file: File, place?: UploadPlace): Promise<FileRef> {
    return this.upload("upload/image", file, place ?? { subfolder: "", type: "input" });
  }

  uploadMask(file: File, place: UploadPlace, original: FileRef): Promise<FileRef> {
    return this.upload("upload/mask", file, place, stringifyJson({ ...original }));
  }

  async embeddings(): Promise<string[]> {
    const body = await this.get("embeddings");
    return isArray(body) ? body.map(String) : [];
  }

  /** Definitions name paths from the root; nobody else's server is ever asked. */
  async remoteOptions(route: string): Promise<Json> {
    if (!/^\/(?!\/)/.test(route)) throw new RequestFailed(t("{route} is not on this server", { route }), 0);
    // Of what is not under api/, some has no twin there.
    return this.get(`../${route.slice(1)}`);
  }

  async infotext(source: string | File): Promise<ImportedGraph> {
    const response = await this.send(
      "infotext",
      typeof source === "string" ? stringifyJson({ text: source }) : formWith("image", source),
    );
    const body = await readBody(response);
    const answer = isObject(body) ? body : {};
    if (response.ok && answer.workflow) {
      const warnings = isArray(answer.warnings) ? answer.warnings.map(String) : [];
      return { workflow: answer.workflow, warnings };
    }
    throw failure("infotext", response, body);
  }

  viewUrl({ filename, subfolder, type }: FileRef): string {
    return `${this.base}view?${new URLSearchParams({ filename, subfolder, type })}`;
  }

  async listFiles(folder: string): Promise<UserFile[]> {
    // Asking for the folder itself would be a failure in the browser's log while it is not there.
    const all = readUserFiles(await this.get("v2/userdata"));
    const inside = all.filter(({ path }) => path.startsWith(`${folder}/`));
    return inside.map((file) => ({ ...file, path: file.path.slice(folder.length + 1) }));
  }

  async readFile(path: string): Promise<StoredFile> {
    const response = await this.asked(userFile(path), {});
    return { text: await response.text(), version: response.headers.get("ETag") };
  }

  async writeFile(
    path: string,
    text: string,
    overwrite: boolean,
    known: string | null = null,
  ): Promise<string | null> {
    const headers = known === null ? undefined : { "If-Match": known };
    const url = `${userFile(path)}?overwrite=${overwrite}`;
    const response = await this.asked(url, { method: "POST", body: text, headers });
    return response.headers.get("ETag");
  }

  async moveFile(path: string, to: string): Promise<void> {
    const url = `${userFile(path)}/move/${encodeURIComponent(to)}?overwrite=false`;
    await this.asked(url, { method: "POST" });
  }

  async deleteFile(path: string): Promise<void> {
    await this.asked(userFile(path), { method: "DELETE" });
  }

  async settings(): Promise<JsonObject> {
    const body = await this.get("settings");
    return isObject(body) ? body : {};
  }

  /** Arrives also when the page is left at once. */
  async changeSettings(changes: JsonObject): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    await this.asked("settings", { method: "POST", body: stringifyJson(changes), headers, keepalive: true });
  }

  async globalSubgraphs(): Promise<SharedSubgraph[]> {
    return readSharedSubgraphs(await this.get("global_subgraphs"));
  }

  async globalSubgraph(id: string): Promise<string> {
    const body = await this.get(`global_subgraphs/${encodeURIComponent(id)}`);
    if (isObject(body) && typeof body.data === "string") return body.data;
    throw new RequestFailed(t("The server does not have this subgraph any more"), 404);
  }

  private async upload(path: string, file: File, place: UploadPlace, original?: string): Promise<FileRef> {
    const form = new FormData();
    form.set("image", file);
    form.set("type", place.type);
    form.set("subfolder", place.subfolder);
    if (original !== undefined) form.set("original_ref", original);
    const response = await this.send(path, form);
    const body = await readBody(response);
    if (!response.ok || !isObject(body)) throw failure(path, response, body);
    const [ref] = readFiles([{ filename: body.name, subfolder: body.subfolder, type: body.type ?? "input" }]);
    if (!ref) throw new RequestFailed(t("The server took the file but did not name it"), response.status);
    return ref;
  }

  ask(path: string): Promise<Json> {
    return this.get(path);
  }

  async followLog(clientId: string, enabled: boolean): Promise<void> {
    const body = stringifyJson({ clientId, enabled });
    const headers = { "Content-Type": "application/json" };
    await this.asked("../internal/logs/subscribe", { method: "PATCH", body, headers, keepalive: true });
  }

  async extensions(): Promise<string[]> {
    const body = await this.get("extensions");
    return isArray(body) ? body.map(String) : [];
  }

  async asked(path: string, init: RequestInit): Promise<Response> {
    const response = await this.fetch(path, init);
    if (!response.ok) throw failure(path, response, await readBody(response));
    return response;
  }

  async get(path: string): Promise<Json> {
    const response = await this.fetch(path, {});
    if (!response.ok) throw failure(path, response);
    const body = await readBody(response);
    if (body === undefined) throw new RequestFailed(`The answer to ${path} is not JSON`, response.status);
    return body;
  }

  async post(path: string, body: JsonObject): Promise<void> {
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
      throw new RequestFailed(t("The server cannot be reached"), 0);
    }
  }
}

function formWith(name: string, file: File): FormData {
  const form = new FormData();
  form.set(name, file);
  return form;
}

/** A whole path is one part of the address. */
function userFile(path: string): string {
  return `userdata/${encodeURIComponent(path)}`;
}

async function readBody(response: Response): Promise<Json | undefined> {
  try {
    return parseJson(await response.text());
  } catch {
    return undefined;
  }
}
