/** The open editor as its actions see it. */
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import type { QueueAnswer } from "../api/types";
import type { Engine } from "../canvas/Engine";
import type { GraphDocument } from "../graph/document";
import type { NodeId } from "../graph/records";
import type { Selection } from "../graph/selection";
import type { Emitter } from "../lib/emitter";
import type { Point } from "../lib/geometry";
import type { Json, JsonObject } from "../lib/json";
import type { RunStatus } from "../nodes/runStatus";

/** A workflow, and the prompt that was made of it. */
export interface MadePrompt {
  readonly output: JsonObject;
  readonly workflow: JsonObject;
}

export interface Runner {
  /** What is sent goes through here: packs may change it. */
  through(made: MadePrompt, send: (made: MadePrompt) => Promise<QueueAnswer>): Promise<QueueAnswer>;
  /** Queues the workflow as it is now, `count` times, with the controls applied in between. */
  queue(count?: number): Promise<void>;
  interrupt(): Promise<void>;
}

export interface Editor {
  readonly doc: GraphDocument;
  readonly selection: Selection;
  readonly status: RunStatus;
  readonly api: Api;
  readonly line: EventLine;
  readonly runner: Runner;
  /** Null until the canvas is in the page. */
  engine: Engine | null;
  name: string;
  /** Where it is kept on the server; null while it is kept nowhere. */
  readonly path: string | null;
  /** Whether there is something that is not saved. */
  readonly dirty: boolean;
  /** Counts up with each edit. */
  readonly revision: number;
  /** Name, path or `dirty` changed. */
  readonly renamed: Emitter;
  /** The workflows on the server changed. */
  readonly filesChanged: Emitter;
  /** Somebody wants to save under another name. */
  readonly nameAsked: Emitter;
  /** What it was at `revision` is at `path` now. */
  markSaved(path: string, revision: number): void;
  /** The file behind it was moved, or is gone. */
  movedTo(path: string | null): void;
  /** Opens a workflow or a prompt in place of the present one. */
  open(file: Json, name: string, path?: string): void;
  /** Puts copied nodes here, or a little aside of where they were. */
  paste(at?: Point): Promise<void>;
  /** Goes to a node of the open sheet, or to the one that has this id in the prompt. */
  reveal(id: NodeId): void;
  toggleTheme(): void;
  togglePanel(id: string): void;
  toggleMinimap(): void;
  openSettings(): void;
}
