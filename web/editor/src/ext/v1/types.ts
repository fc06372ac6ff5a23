/** The extension API, version 1, as packs see it. What is here stays as it is; what is new becomes optional. */
import type { FileRef } from "../../api/types";
import type { Json } from "../../lib/json";

export interface NodeView {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly pos: { readonly x: number; readonly y: number };
  readonly muted: boolean;
  readonly bypassed: boolean;
  readonly values: Readonly<Record<string, Json>>;
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly link: LinkView | null;
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly links: readonly LinkView[];
  }[];
}

export interface LinkView {
  readonly from: string;
  readonly output: number;
  readonly to: string;
  readonly input: string;
}

/** Everything that is done with it is one step of undo; when the code throws, nothing of it stays. */
export interface Transaction {
  addNode(type: string, pos: { x: number; y: number }): string;
  removeNode(id: string): void;
  setValue(id: string, widget: string, value: Json): void;
  setTitle(id: string, title: string): void;
  move(id: string, pos: { x: number; y: number }): void;
  setMode(id: string, mode: "normal" | "muted" | "bypassed"): void;
  /** False when the ends do not fit. */
  connect(from: { node: string; output: number }, to: { node: string; input: string }): boolean;
  disconnect(to: { node: string; input: string }): void;
}

export interface Graph {
  nodes(): NodeView[];
  node(id: string): NodeView | null;
  links(): LinkView[];
  transact<T>(label: string, edit: (tx: Transaction) => T): T;
  /** The workflow as a file has it. */
  toJSON(): Json;
}

export interface Events {
  /** Answers the function that takes the listener off. */
  on(name: "graph" | "selection", listener: () => void): () => void;
  on(
    name: "executed",
    listener: (event: { node: string; output: Json; images: readonly FileRef[] }) => void,
  ): () => void;
  on(name: "run", listener: (event: { state: "started" | "done"; promptId: string }) => void): () => void;
  /** A message of the server by its type, those of packs included. */
  on(name: `message:${string}`, listener: (data: Json) => void): () => void;
}

export interface Context {
  readonly graph: Graph;
  readonly selection: { readonly ids: readonly string[]; set(ids: readonly string[]): void };
  readonly settings: { get(id: string): Json | undefined; set(id: string, value: Json): Promise<void> };
  readonly events: Events;
  /** `fetch` for the routes of the server, `/view` or those of the pack. */
  readonly api: {
    fetch(route: string, options?: RequestInit): Promise<Response>;
    url(route: string): string;
  };
  readonly ui: {
    message(title: string, body?: string): void;
    error(title: string, body?: string): void;
    show(node: string): void;
    openPanel(id: string): void;
  };
  run(count?: number): Promise<void>;
}

export interface WidgetContext {
  readonly value: Json;
  readonly node: string;
  readonly name: string;
  set(value: Json): void;
  /** Hears changes that come from elsewhere, undo among them. */
  onValue(listener: (value: Json) => void): void;
  /** Ends when the widget leaves the page. */
  readonly signal: AbortSignal;
}

export interface WidgetDefinition {
  /** Draws into the element; may answer what is to be done at the end. */
  mount(element: HTMLElement, context: WidgetContext): unknown;
  readonly default?: Json;
  /** In pixels; 24 is one row. */
  readonly height?: number;
  readonly grows?: boolean;
}

export interface MenuEntry {
  readonly label: string;
  run(): unknown;
}

export interface NodeHooks {
  onCreated?(node: NodeView, context: Context): unknown;
  onRemoved?(id: string, context: Context): unknown;
  onExecuted?(node: NodeView, output: Json, context: Context): unknown;
  menu?(node: NodeView, context: Context): readonly MenuEntry[];
  /** Short texts in the title. */
  badges?(node: NodeView): readonly string[];
}

export interface Extension {
  readonly id: string;
  readonly apiVersion: 1;
  /** By the type of input that they are for. */
  readonly widgets?: Readonly<Record<string, WidgetDefinition>>;
  readonly actions?: readonly {
    readonly id: string;
    readonly label: string;
    /**
     * Such as "Alt+T" or "Ctrl+Shift+K". A key that the editor, the person or an earlier pack has given to something else
     * stays theirs: the list of shortcuts shows it struck out with who has it, and either can be given another one there.
     */
    readonly keys?: string;
    run(context: Context): unknown;
  }[];
  readonly panels?: readonly {
    readonly id: string;
    readonly title: string;
    mount(element: HTMLElement, context: Context): unknown;
  }[];
  /** By class of node; `*` is all of them. */
  readonly node?: Readonly<Record<string, NodeHooks>>;
  readonly settings?: readonly {
    readonly id: string;
    readonly label?: string;
    readonly type: "toggle" | "number" | "slider" | "text" | "combo" | "color";
    readonly default: Json;
    readonly min?: number;
    readonly max?: number;
    readonly step?: number;
    readonly options?: readonly Json[];
    changed?(value: Json): unknown;
  }[];
  canvasMenu?(at: { x: number; y: number }, context: Context): readonly MenuEntry[];
  setup?(context: Context): unknown;
}
