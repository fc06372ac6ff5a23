/** The open editor as its actions see it. */
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import type { Engine } from "../canvas/Engine";
import type { GraphDocument } from "../graph/document";
import type { NodeId } from "../graph/records";
import type { Selection } from "../graph/selection";
import type { Emitter } from "../lib/emitter";
import type { Point } from "../lib/geometry";
import type { Json } from "../lib/json";
import type { RunStatus } from "../nodes/runStatus";

export interface Runner {
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
  readonly renamed: Emitter;
  /** Opens a workflow or a prompt in place of the present one. */
  open(file: Json, name: string): void;
  /** Puts copied nodes here, or a little aside of where they were. */
  paste(at?: Point): Promise<void>;
  reveal(id: NodeId): void;
  toggleTheme(): void;
  togglePanel(): void;
}
