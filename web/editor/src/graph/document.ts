/** One open workflow: its records, what can be asked about them, and who wants to know when they change. */
import { Emitter } from "../lib/emitter";
import { isArray, isObject, type JsonObject } from "../lib/json";
import { type Decoration, decorated } from "./decoration";
import { LinkIndex } from "./linkIndex";
import type { NodeDefs } from "./nodeDefs";
import { type NodeShape, type ShapeContext, shapeOf } from "./nodeShape";
import {
  type GraphRecord,
  type GroupId,
  type GroupRecord,
  keyOf,
  type LinkRecord,
  type NodeId,
  type NodeRecord,
  type RecordKey,
  rebase,
} from "./records";
import { type Change, type Diff, RecordStore, type Transaction } from "./store";

export type GraphDiff = Diff<RecordKey, GraphRecord>;
export type GraphTx = Transaction<RecordKey, GraphRecord>;

export interface DocumentContent {
  /** The members of the file's root object that are not nodes, links or groups, as they were read. */
  readonly root: JsonObject;
  readonly records: readonly GraphRecord[];
}

export class GraphDocument implements ShapeContext {
  readonly store = new RecordStore<RecordKey, GraphRecord>(keyOf, (change) => this.index(change), rebase);
  /** The nodes whose look may have changed: changed themselves, or at an end of a changed link. */
  readonly touched = new Emitter<ReadonlySet<NodeId>>();
  /** Another workflow is about to take the place of this one: ids will mean other nodes. */
  readonly replacing = new Emitter();
  /** It is about to be written to a file: whoever holds values elsewhere puts them in now. */
  readonly writing = new Emitter();

  root: JsonObject = {};

  private readonly links_ = new LinkIndex();
  private readonly shapes = new Map<NodeId, NodeShape>();
  private readonly watchers = new Map<NodeId, Set<() => void>>();
  private readonly decorations = new Map<NodeId, Decoration>();
  private subgraphs = new Map<string, string>();
  private lastNode = 0;
  private lastLink = 0;
  private lastGroup = 0;

  constructor(private defs_: NodeDefs) {
    this.store.changed.on((diff) => this.announce(diff));
  }

  get defs(): NodeDefs {
    return this.defs_;
  }

  load(content: DocumentContent): void {
    this.replacing.emit();
    this.root = content.root;
    this.subgraphs = readSubgraphNames(content.root);
    this.lastNode = counter(content.root.last_node_id);
    this.lastLink = counter(content.root.last_link_id);
    this.lastGroup = 0;
    this.shapes.clear();
    this.decorations.clear();
    this.store.replaceAll(content.records);
  }

  /** A fresh catalogue: lists of files may have changed, missing classes may have come. */
  setDefs(defs: NodeDefs): void {
    this.defs_ = defs;
    this.shapes.clear();
    this.tell(new Set([...this.nodes()].map((node) => node.id)));
  }

  transact(label: string, edit: (tx: GraphTx) => void, mergeKey?: string): void {
    this.store.transact(label, edit, mergeKey);
  }

  node(id: NodeId): NodeRecord | undefined {
    return this.store.get(`node:${id}`) as NodeRecord | undefined;
  }

  *nodes(): IterableIterator<NodeRecord> {
    for (const record of this.store.all()) if (record.kind === "node") yield record;
  }

  *links(): IterableIterator<LinkRecord> {
    for (const record of this.store.all()) if (record.kind === "link") yield record;
  }

  *groups(): IterableIterator<GroupRecord> {
    for (const record of this.store.all()) if (record.kind === "group") yield record;
  }

  group(id: GroupId): GroupRecord | undefined {
    return this.store.get(`group:${id}`) as GroupRecord | undefined;
  }

  link(id: string): LinkRecord | undefined {
    return this.store.get(`link:${id}`) as LinkRecord | undefined;
  }

  linkInto(node: NodeId, input: string): LinkRecord | undefined {
    return this.links_.linkInto(node, input);
  }

  linksFrom(node: NodeId): readonly LinkRecord[] {
    return this.links_.linksFrom(node);
  }

  linksOf(node: NodeId): readonly LinkRecord[] {
    return this.links_.linksOf(node);
  }

  shape(id: NodeId): NodeShape | undefined {
    const known = this.shapes.get(id);
    if (known) return known;
    const node = this.node(id);
    if (!node) return undefined;
    const decoration = this.decorations.get(id);
    const plain = shapeOf(node, this);
    const shape = decoration ? decorated(plain, decoration) : plain;
    this.shapes.set(id, shape);
    return shape;
  }

  decoration(id: NodeId): Decoration | undefined {
    return this.decorations.get(id);
  }

  /** Null takes away what a pack has added. */
  decorate(id: NodeId, decoration: Decoration | null): void {
    if (decoration) this.decorations.set(id, decoration);
    else this.decorations.delete(id);
    this.shapes.delete(id);
    this.tell(new Set([id]));
  }

  inputType(id: NodeId, input: string): string | undefined {
    const shape = this.shape(id);
    const socket = shape?.sockets.find((s) => s.name === input);
    return socket?.type ?? shape?.widgets.find((w) => w.name === input && w.socket)?.type;
  }

  outputType(id: NodeId, output: number): string | undefined {
    return this.shape(id)?.outputs[output]?.type;
  }

  subgraphName(type: string): string | undefined {
    return this.subgraphs.get(type);
  }

  nextNodeId(): NodeId {
    return String(++this.lastNode);
  }

  nextLinkId(): string {
    return String(++this.lastLink);
  }

  nextGroupId(): GroupId {
    return String(++this.lastGroup);
  }

  get lastIds(): { node: number; link: number } {
    return { node: this.lastNode, link: this.lastLink };
  }

  watch(id: NodeId, listener: () => void): () => void {
    const listeners = this.watchers.get(id) ?? new Set();
    listeners.add(listener);
    this.watchers.set(id, listeners);
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.watchers.get(id) === listeners) this.watchers.delete(id);
    };
  }

  private index({ before, after }: Change<GraphRecord>): void {
    if (before?.kind === "link") this.links_.remove(before);
    if (after?.kind === "link") this.links_.add(after);
    const record = after ?? before;
    if (record?.kind === "node") {
      if (before?.kind === "node" && after?.kind === "node" && sameShape(before, after)) return;
      this.shapes.delete(record.id);
      this.lastNode = Math.max(this.lastNode, counter(record.id));
      // A primitive mirrors its target.
      for (const link of this.links_.linksOf(record.id))
        if (link.to === record.id) this.shapes.delete(link.from);
    } else if (record?.kind === "link") {
      this.shapes.delete(record.from);
      this.shapes.delete(record.to);
      this.lastLink = Math.max(this.lastLink, counter(record.id));
    } else if (record?.kind === "group") this.lastGroup = Math.max(this.lastGroup, counter(record.id));
  }

  private announce(diff: GraphDiff): void {
    const ids = new Set<NodeId>();
    for (const { before, after } of diff.values()) {
      for (const record of [before, after]) {
        if (record?.kind === "node") ids.add(record.id);
        else if (record?.kind === "link") ids.add(record.from).add(record.to);
      }
    }
    this.tell(ids);
  }

  private tell(ids: ReadonlySet<NodeId>): void {
    if (!ids.size) return;
    this.touched.emit(ids);
    for (const id of ids) for (const listener of [...(this.watchers.get(id) ?? [])]) listener();
  }
}

/** Moving, resizing and muting do not change what a node offers. */
function sameShape(a: NodeRecord, b: NodeRecord): boolean {
  return (
    a.type === b.type &&
    a.title === b.title &&
    a.values === b.values &&
    a.inputs === b.inputs &&
    a.outputs === b.outputs
  );
}

function counter(value: unknown): number {
  const n = Number(value);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
}

function readSubgraphNames(root: JsonObject): Map<string, string> {
  const names = new Map<string, string>();
  const list =
    isObject(root.definitions) && isArray(root.definitions.subgraphs) ? root.definitions.subgraphs : [];
  for (const item of list) {
    if (isObject(item) && typeof item.id === "string") names.set(item.id, String(item.name ?? "Subgraph"));
  }
  return names;
}
