/** The shapes that go over the wire. */
import type { Json, JsonObject } from "../lib/json";

export interface FileRef {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

/** Where an upload goes: one of the server's folders, and a folder in it. */
export type UploadPlace = Omit<FileRef, "filename">;

/** A file that the server keeps for the person; `modified` in milliseconds since 1970. */
/** The text of a file, and which state of the file it is, for who wants to write over that state only. */
export interface StoredFile {
  readonly text: string;
  readonly version: string | null;
}

export interface UserFile {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

export interface QueueRequest {
  readonly prompt: JsonObject;
  /** Chosen here, so that what comes of it is known as ours before the answer is there. */
  readonly prompt_id?: string;
  readonly client_id: string;
  readonly extra_data: JsonObject;
  readonly front?: boolean;
  /** The output nodes that are to run, where not all are. */
  readonly partial_execution_targets?: readonly string[];
}

export interface QueueAnswer {
  readonly promptId: string;
  /** Outputs that were refused while others run. */
  readonly nodeErrors: NodeErrors;
}

export interface NodeProblem {
  readonly message: string;
  readonly details: string;
  /** The input that is wrong, where the server says so. */
  readonly input: string | null;
}

export type NodeErrors = ReadonlyMap<string, readonly NodeProblem[]>;

export interface QueueEntry {
  readonly promptId: string;
  readonly number: number;
}

export interface QueueState {
  readonly running: readonly QueueEntry[];
  readonly pending: readonly QueueEntry[];
}

export type RunOutcome = "success" | "error" | "interrupted";

export interface HistoryEntry {
  readonly promptId: string;
  readonly images: readonly FileRef[];
  readonly outcome: RunOutcome;
  /** What went wrong, in one line. */
  readonly message: string;
  readonly seconds: number | null;
  readonly finishedAt: number | null;
  /** The workflow that made it, when it was sent along. */
  readonly workflow: Json | null;
  readonly prompt: Json;
}

export interface Device {
  readonly name: string;
  readonly type: string;
  readonly total: number;
  readonly free: number;
}

export interface SystemStats {
  readonly devices: readonly Device[];
  readonly ramTotal: number;
  readonly ramFree: number;
}

export interface ImportedGraph {
  readonly workflow: Json;
  /** What could not be taken over as it was. */
  readonly warnings: readonly string[];
}

/** A subgraph that a pack brings for reuse. */
export interface SharedSubgraph {
  readonly id: string;
  readonly name: string;
  readonly pack: string;
}
