/** Tolerant readers for what the server answers: a missing or odd member never breaks the page. */
import { isArray, isObject, type Json, type JsonObject } from "../lib/json";
import type {
  FileRef,
  HistoryEntry,
  NodeErrors,
  NodeProblem,
  QueueEntry,
  QueueState,
  RunOutcome,
  SharedSubgraph,
  SystemStats,
  UserFile,
} from "./types";

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

export function number(value: Json | undefined): number {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}

export function objects(value: Json | undefined): JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

export function readFiles(value: Json | undefined): FileRef[] {
  return objects(value)
    .filter((file) => text(file.filename))
    .map((file) => ({
      filename: text(file.filename),
      subfolder: text(file.subfolder),
      type: text(file.type) || "output",
    }));
}

/** Whatever files an output node made, under whichever name it lists them. */
export function outputFiles(output: JsonObject): FileRef[] {
  const files = Object.values(output).flatMap(readFiles);
  const seen = new Set<string>();
  return files.filter((file) => {
    const name = `${file.type}/${file.subfolder}/${file.filename}`;
    return !seen.has(name) && seen.add(name);
  });
}

export function readNodeErrors(value: Json | undefined): NodeErrors {
  const result = new Map<string, readonly NodeProblem[]>();
  if (!isObject(value)) return result;
  for (const [id, entry] of Object.entries(value)) {
    if (!isObject(entry)) continue;
    const problems = objects(entry.errors).map((error) => {
      const info = isObject(error.extra_info) ? error.extra_info : {};
      return {
        message: text(error.message),
        details: text(error.details),
        input: text(info.input_name) || null,
      };
    });
    result.set(id, problems);
  }
  return result;
}

export function readQueue(body: Json): QueueState {
  const entries = (list: Json | undefined): QueueEntry[] =>
    (isArray(list) ? list : [])
      .filter(isArray)
      .map(([n, id]) => ({ number: number(n), promptId: text(id) }))
      .sort((a, b) => a.number - b.number);
  if (!isObject(body)) return { running: [], pending: [] };
  return { running: entries(body.queue_running), pending: entries(body.queue_pending) };
}

/** Newest first. */
export function readHistory(body: Json): HistoryEntry[] {
  if (!isObject(body)) return [];
  return Object.entries(body)
    .flatMap(([id, entry]) => (isObject(entry) ? [readHistoryEntry(id, entry)] : []))
    .reverse();
}

function readHistoryEntry(promptId: string, entry: JsonObject): HistoryEntry {
  const item = isArray(entry.prompt) ? entry.prompt : [];
  const extra = isObject(item[3]) && isObject(item[3].extra_pnginfo) ? item[3].extra_pnginfo : {};
  const outputs = isObject(entry.outputs) ? Object.values(entry.outputs) : [];
  const status = isObject(entry.status) ? entry.status : {};
  const messages = new Map<string, JsonObject>();
  for (const message of isArray(status.messages) ? status.messages : []) {
    if (isArray(message) && isObject(message[1])) messages.set(text(message[0]), message[1]);
  }
  const failure = messages.get("execution_error");
  const outcome: RunOutcome = messages.has("execution_interrupted")
    ? "interrupted"
    : failure || text(status.status_str) === "error"
      ? "error"
      : "success";
  const end = messages.get("execution_success") ?? failure ?? messages.get("execution_interrupted");
  const [from, to] = [messages.get("execution_start")?.timestamp, end?.timestamp];
  return {
    promptId,
    images: outputs.flatMap((output) => (isObject(output) ? outputFiles(output) : [])),
    outcome,
    message: text(failure?.exception_message).trim().split("\n")[0] ?? "",
    seconds: from !== undefined && to !== undefined ? Math.max(0, number(to) - number(from)) / 1000 : null,
    finishedAt: to === undefined ? null : number(to),
    workflow: extra.workflow ?? null,
    prompt: item[2] ?? null,
  };
}

export function readUserFiles(body: Json): UserFile[] {
  return objects(body)
    .filter((file) => text(file.path) && text(file.type) !== "directory")
    .map((file) => ({ path: text(file.path), size: number(file.size), modified: number(file.modified) }));
}

export function readSharedSubgraphs(body: Json): SharedSubgraph[] {
  return Object.entries(isObject(body) ? body : {}).flatMap(([id, entry]) => {
    if (!isObject(entry)) return [];
    const pack = isObject(entry.info) ? text(entry.info.node_pack) : "";
    return [{ id, name: text(entry.name) || id, pack }];
  });
}

export function readSystemStats(body: Json): SystemStats {
  const system = isObject(body) && isObject(body.system) ? body.system : {};
  const devices = isObject(body) ? objects(body.devices) : [];
  return {
    ramTotal: number(system.ram_total),
    ramFree: number(system.ram_free),
    devices: devices.map((device) => ({
      name: text(device.name),
      type: text(device.type),
      total: number(device.vram_total),
      free: number(device.vram_free),
    })),
  };
}
