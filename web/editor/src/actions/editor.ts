/** The open editor as its actions see it. */
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import type { QueueAnswer } from "../api/types";
import type { Engine } from "../canvas/Engine";
import type { PasteOptions } from "../graph/clipboard";
import type { GraphDocument } from "../graph/document";
import type { NodeDefs } from "../graph/nodeDefs";
import type { NodeId } from "../graph/records";
import type { Selection } from "../graph/selection";
import type { Emitter } from "../lib/emitter";
import type { Json, JsonObject } from "../lib/json";
import type { RunStatus } from "../nodes/runStatus";
import type { Drafts } from "../tabs/drafts";
import type { Tab } from "../tabs/Tab";
import type { Tabs } from "../tabs/Tabs";

/** Never, again after each run, or as soon as something was changed that changes the result. */
export type AutoMode = "off" | "instant" | "change";

export interface TextRequest {
  readonly label: string;
  /** On the button that takes it. */
  readonly verb: string;
  readonly value: string;
  readonly done: (text: string) => void;
}

export interface NameRequest {
  readonly tab: Tab;
  /** What comes next, once it is saved. */
  readonly done?: () => void;
}

export interface ChangedFile {
  readonly tab: Tab;
  readonly path: string;
}

export interface ListRequest {
  readonly label: string;
  readonly placeholder: string;
  /** Said where there is nothing to choose. */
  readonly nothing: string;
  readonly items: readonly { readonly label: string; readonly run: () => void }[];
  /** The node of the open sheet that it is about: the list is shown there. */
  readonly node?: NodeId;
}

export interface RunRequest {
  /** How many times, with the controls applied in between. */
  readonly count?: number;
  /** Before all that waits. */
  readonly front?: boolean;
  /** Only what these nodes of the open sheet need, or only the outputs that depend on them. */
  readonly part?: { readonly kind: "here" | "branch"; readonly nodes: readonly NodeId[] };
}

/** A workflow, and the prompt that was made of it. */
export interface MadePrompt {
  readonly output: JsonObject;
  readonly workflow: JsonObject;
}

import type { DrawingTarget } from "./drawing";
import type { Look } from "./look";
import type { MaskTarget } from "./mask";

export interface Runner {
  /** What is sent goes through here: packs may change it. */
  through(made: MadePrompt, send: (made: MadePrompt) => Promise<QueueAnswer>): Promise<QueueAnswer>;
  /** Queues the workflow in view as it is now; false when it was not taken, which is said on the page then. */
  queue(request?: RunRequest): Promise<boolean>;
  /** The same once more, as it was sent then. */
  retry(promptId: string): Promise<void>;
  /** What the workflow of a run is called, or was called when it is closed by now; null for a run from elsewhere. */
  nameOf(promptId: string): string | null;
  /** Stops the runs of this page; where there are none, what runs on the server. */
  interrupt(): Promise<void>;
  clearQueue(): Promise<void>;
  /** When it runs without being asked. */
  setAuto(mode: AutoMode): void;
}

/** The node classes that the server offers. */
export interface Catalogue {
  /** How its answer becomes definitions: packs have a say in it. */
  read(body: Json): NodeDefs | Promise<NodeDefs>;
  /** Asks the server again, and puts what it says in the place of what was known. */
  refresh(): Promise<void>;
}

export interface Editor {
  readonly tabs: Tabs;
  /** These three are those of the tab that is shown: another object after another tab was shown. */
  readonly catalogue: Catalogue;
  readonly doc: GraphDocument;
  readonly selection: Selection;
  readonly status: RunStatus;
  /** Null where the browser keeps nothing. */
  readonly drafts: Drafts | null;
  readonly api: Api;
  readonly line: EventLine;
  readonly runner: Runner;
  /** The canvas with the tab that is shown; null until it is in the page. */
  engine: Engine | null;
  /** The workflows on the server changed. */
  readonly filesChanged: Emitter;
  /** Somebody wants to save under another name. */
  readonly nameAsked: Emitter<NameRequest>;
  /** Somebody wants to save what somebody else has saved meanwhile. */
  readonly changeAsked: Emitter<ChangedFile>;
  /** Somebody wants to close what is not saved. */
  readonly closeAsked: Emitter<readonly Tab[]>;
  /** Somebody has to choose one of many, by typing. */
  readonly listAsked: Emitter<ListRequest>;
  /** Somebody wants to paint a mask. */
  readonly maskAsked: Emitter<MaskTarget>;
  /** Somebody wants to draw. */
  readonly drawingAsked: Emitter<DrawingTarget>;
  /** Somebody wants to look at something on the whole page. */
  readonly lookAsked: Emitter<Look>;
  /** Somebody has to say something in one line. */
  readonly textAsked: Emitter<TextRequest>;
  /** Puts copied nodes where they are wanted, or a little aside of where they were. */
  paste(options?: PasteOptions): Promise<void>;
  /** Goes to a node of the open sheet, or to the one that has this id in the prompt; of another tab, where it is said. */
  reveal(id: NodeId, tab?: Tab): void;
  /** Somebody wants to see one of these. */
  readonly asked: Emitter<"palette" | "shortcuts" | "find" | "app">;
  toggleTheme(): void;
  togglePanel(id: string): void;
  toggleMinimap(): void;
  openSettings(): void;
}
