/** What the server says over the WebSocket, as one union. */
import { isArray, isObject, type Json, type JsonObject, parseJson } from "../lib/json";
import { number, outputFiles, readFiles, text } from "./readers";
import type { FileRef } from "./types";

export interface NodeProgress {
  readonly id: string;
  readonly value: number;
  readonly max: number;
  readonly state: "running" | "finished" | "error";
}

/** Pictures to be looked at one over the other. */
export interface Compared {
  readonly a: readonly FileRef[];
  readonly b: readonly FileRef[];
}

export type ServerMessage =
  | { readonly type: "status"; readonly remaining: number }
  | { readonly type: "execution_start"; readonly promptId: string }
  | { readonly type: "execution_cached"; readonly promptId: string; readonly nodes: readonly string[] }
  /** `node` is null at the end of a run, however it ended. */
  | { readonly type: "executing"; readonly promptId: string; readonly node: string | null }
  /** The nodes of which something has changed; the first one after joining names all that have begun. */
  | { readonly type: "progress_state"; readonly promptId: string; readonly nodes: readonly NodeProgress[] }
  | {
      readonly type: "progress";
      readonly promptId: string;
      readonly node: string;
      readonly value: number;
      readonly max: number;
    }
  | {
      readonly type: "executed";
      readonly promptId: string;
      readonly node: string;
      /** Pictures, videos and sounds. */
      readonly images: readonly FileRef[];
      readonly compared: Compared | null;
      readonly text: readonly string[];
      /** All that the node said, as it said it. */
      readonly output: JsonObject;
    }
  /** How long a node that ran took, and why it did not come from the cache. */
  | {
      readonly type: "node_timing";
      readonly promptId: string;
      readonly node: string;
      readonly seconds: number;
      readonly why: string;
    }
  | { readonly type: "execution_success"; readonly promptId: string }
  | { readonly type: "execution_interrupted"; readonly promptId: string; readonly node: string }
  | {
      readonly type: "execution_error";
      readonly promptId: string;
      readonly node: string;
      readonly nodeType: string;
      readonly message: string;
      readonly exception: string;
      readonly traceback: string;
    }
  | {
      readonly type: "preview";
      readonly promptId: string | null;
      readonly node: string | null;
      readonly image: Blob;
    }
  | { readonly type: "text"; readonly node: string; readonly text: string }
  | { readonly type: "other"; readonly name: string; readonly data: Json };

/** A message as it came, for packs, which know types of their own. */
export interface RawMessage {
  readonly type: string;
  readonly data: JsonObject;
  /** Its place in the order of all messages, where it has one. */
  readonly seq?: number;
}

/** The messages of a text frame: one, or a list of them. */
export function readFrame(frame: string): RawMessage[] {
  const body = parseJson(frame);
  return (Array.isArray(body) ? body : [body]).flatMap((one) => {
    if (!isObject(one) || typeof one.type !== "string") return [];
    const { type, seq } = one;
    return [{ type, data: isObject(one.data) ? one.data : {}, ...(typeof seq === "number" && { seq }) }];
  });
}

export function readMessage(frame: string): ServerMessage | null {
  const [raw] = readFrame(frame);
  return raw ? understand(raw) : null;
}

export function understand({ type, data }: RawMessage): ServerMessage {
  return read(type, data) ?? { type: "other", name: type, data };
}

function read(type: string, data: JsonObject): ServerMessage | null {
  const promptId = text(data.prompt_id);
  switch (type) {
    case "status": {
      const info = isObject(data.status) && isObject(data.status.exec_info) ? data.status.exec_info : {};
      return { type, remaining: number(info.queue_remaining) };
    }
    case "execution_start":
    case "execution_success":
      return { type, promptId };
    case "execution_cached":
      return { type, promptId, nodes: isArray(data.nodes) ? data.nodes.map(String) : [] };
    case "executing":
      return { type, promptId, node: shownNode(data) };
    case "progress":
      return { type, promptId, node: text(data.node), value: number(data.value), max: number(data.max) };
    case "progress_state":
      return { type, promptId, nodes: readProgress(data.nodes) };
    case "executed": {
      const output = isObject(data.output) ? data.output : {};
      const lines = isArray(output.text) ? output.text.map(String) : [];
      const [a, b] = [readFiles(output.a_images), readFiles(output.b_images)];
      const compared = a.length && b.length ? { a, b } : null;
      const images = outputFiles(output);
      return { type, promptId, node: shownNode(data) ?? "", images, compared, text: lines, output };
    }
    case "node_timing": {
      const [node, why] = [text(data.node), text(data.why)];
      return { type, promptId, node, seconds: number(data.seconds), why };
    }
    case "execution_interrupted":
      return { type, promptId, node: text(data.node_id) };
    case "execution_error":
      return {
        type,
        promptId,
        node: text(data.node_id),
        nodeType: text(data.node_type),
        message: text(data.exception_message).trim(),
        exception: text(data.exception_type),
        traceback: isArray(data.traceback) ? data.traceback.map(String).join("") : "",
      };
  }
  return null;
}

function shownNode(data: JsonObject): string | null {
  return text(data.display_node) || text(data.node) || null;
}

function readProgress(nodes: Json | undefined): NodeProgress[] {
  if (!isObject(nodes)) return [];
  return Object.entries(nodes).flatMap(([id, node]) => {
    if (!isObject(node)) return [];
    const state = node.state === "finished" || node.state === "error" ? node.state : "running";
    return [
      { id: text(node.display_node_id) || id, value: number(node.value), max: number(node.max), state },
    ];
  });
}
