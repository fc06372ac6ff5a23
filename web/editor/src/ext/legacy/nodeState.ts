/**
 * What a node is, as litegraph's code sees it: its members, read from the record that it stands for. What packs write into
 * them is carried over by `settle` once their code is done.
 */
import type { GraphDocument } from "../../graph/document";
import type { NodeRecord } from "../../graph/records";
import { guarded } from "../guard";
import type { LegacyNode } from "./node";
import { type InputSlot, type OutputSlot, outerId } from "./slots";
import type { WidgetLike } from "./widget";
import type { LegacyWorld } from "./world";

export type Pair = [number, number];

export interface Binding {
  readonly world: LegacyWorld;
  readonly doc: GraphDocument;
  readonly key: string;
}

let binding: Binding | null = null;

/** Runs a constructor whose node stands for this record: the code of packs takes no other arguments than a title. */
export function bound<T>(to: Binding, make: () => T): T {
  binding = to;
  try {
    return make();
  } finally {
    binding = null;
  }
}

export abstract class NodeState {
  static title = "";
  static type = "";
  static category = "";
  static comfyClass = "";
  static nodeData: unknown = undefined;

  /** The id in the document. */
  key: string;
  doc: GraphDocument;
  readonly world: LegacyWorld;
  comfyClass = "";
  widgets: WidgetLike[] = [];
  inputs: InputSlot[] = [];
  outputs: OutputSlot[] = [];
  properties: Record<string, unknown> = {};
  properties_info: unknown[] = [];
  serialize_widgets = true;
  resizable = true;
  isVirtualNode?: boolean;
  /** The last values that were given out; packs write into these arrays. */
  readonly given: { pos: Pair; size: Pair } = { pos: [0, 0], size: [0, 0] };
  private stored: { pos: Pair; size: Pair } = { pos: [0, 0], size: [0, 0] };

  constructor(_title?: string) {
    if (!binding) throw new Error("A node is made with LiteGraph.createNode");
    const { world, doc, key } = binding;
    this.world = world;
    this.doc = doc;
    this.key = key;
    this.comfyClass = (this.constructor as typeof NodeState).comfyClass || this.type;
    this.pull();
  }

  /** Fills widgets and slots from the document, keeping the objects that packs may hold. */
  abstract pull(): void;

  get record(): NodeRecord | undefined {
    return this.doc.node(this.key);
  }

  private get asNode(): LegacyNode {
    return this as unknown as LegacyNode;
  }

  get pack(): string | null {
    return this.doc.defs.get(this.type)?.pack || null;
  }

  get canvas(): unknown {
    return this.world.canvas;
  }

  get graph(): unknown {
    return this.doc === this.world.scratch ? null : this.world.graph;
  }

  get id(): number | string {
    return this.doc === this.world.scratch ? -1 : outerId(this.key);
  }

  get type(): string {
    return this.record?.type ?? (this.constructor as typeof NodeState).type;
  }

  get title(): string {
    return this.doc.shape(this.key)?.title ?? this.type;
  }
  set title(title: string) {
    this.patch({ title });
  }

  get mode(): number {
    return this.record?.mode ?? 0;
  }
  set mode(mode: number) {
    this.patch({ mode });
  }

  get color(): string | undefined {
    return this.record?.color ?? undefined;
  }
  set color(color: string | undefined) {
    this.patch({ color: color ?? null });
  }

  get bgcolor(): string | undefined {
    return this.record?.bgcolor ?? undefined;
  }
  set bgcolor(bgcolor: string | undefined) {
    this.patch({ bgcolor: bgcolor ?? null });
  }

  get flags(): { collapsed?: boolean; pinned?: boolean } {
    const { collapsed, pinned } = this.record ?? {};
    return { collapsed, pinned };
  }

  get pos(): Pair {
    this.refresh();
    return this.given.pos;
  }
  set pos([x, y]: Pair) {
    this.patch({ pos: { x, y } });
  }

  get size(): Pair {
    this.refresh();
    return this.given.size;
  }
  set size(size: Pair) {
    this.asNode.setSize(size);
  }

  get imgs(): HTMLImageElement[] | undefined {
    return this.world.imagesOf(this.key);
  }
  set imgs(_images: HTMLImageElement[] | undefined) {}

  /** Takes over what moved in the document, and carries over what a pack wrote into the arrays. */
  refresh(): void {
    const { record } = this;
    const layout = this.world.layout(this.asNode);
    if (!record) return;
    const now = {
      pos: [record.pos.x, record.pos.y] as Pair,
      size: [layout?.w ?? record.size.w, layout?.h ?? record.size.h] as Pair,
    };
    for (const part of ["pos", "size"] as const) {
      const [a, b] = this.stored[part];
      if (now[part][0] === a && now[part][1] === b) continue;
      [this.given[part][0], this.given[part][1]] = now[part];
      this.stored[part] = now[part];
    }
  }

  /** What a pack wrote into `pos` or `size` without calling anything. */
  written(): { pos?: Pair; size?: Pair } {
    const differs = (part: "pos" | "size") =>
      this.given[part].some((value, i) => value !== this.stored[part][i]);
    return {
      pos: differs("pos") ? this.given.pos : undefined,
      size: differs("size") ? this.given.size : undefined,
    };
  }

  patch(change: Partial<NodeRecord>): void {
    this.quietly(() =>
      this.doc.transact("Change node", (tx) => {
        if (this.record) tx.put({ ...this.record, ...change });
      }),
    );
  }

  /** An edit that is no step of undo of its own. */
  quietly(edit: () => void): void {
    this.world.quietly(this.doc, edit);
  }

  /** An edit that a person asked for: one step of undo. */
  edit(label: string, code: () => unknown): void {
    guarded(label, this.pack, () => this.world.asEdit(label, code));
    this.settle();
  }

  settle(): void {
    this.world.settleSoon(this.asNode);
  }

  /** Calls what a pack has put on the class or the node; undefined when there is nothing of that name. */
  tell(hook: string, ...args: unknown[]): unknown {
    const code = (this as unknown as Record<string, unknown>)[hook];
    if (typeof code !== "function") return undefined;
    const result = guarded(`${this.type} ${hook}`, this.pack, () => code.apply(this, args));
    this.settle();
    return result;
  }
}
