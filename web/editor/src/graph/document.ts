/**
 * One open workflow: its records, what can be asked about them, and who wants to know when they change. One of its sheets
 * is open, the root or the inside of a subgraph: `nodes`, `links`, `groups` and `reroutes` are those of the open sheet.
 */
import { Emitter } from "../lib/emitter";
import type { JsonObject } from "../lib/json";
import { Counters, type LastIds } from "./counters";
import { type Decoration, decorated } from "./decoration";
import { validPath } from "./navigation";
import type { NodeDefs } from "./nodeDefs";
import { type NodeShape, type ShapeContext, shapeOf } from "./nodeShape";
import { promptSegments } from "./promptIds";
import { type GraphDiff, type GraphTx, RecordSet } from "./recordSet";
import {
  type GraphRecord,
  type GroupId,
  type GroupRecord,
  type LinkRecord,
  type NodeId,
  type NodeRecord,
  type RerouteId,
  type RerouteRecord,
  ROOT,
  type SheetId,
} from "./records";
import { looseReroutes } from "./rerouteChains";
import { idOn } from "./sheets";
import type { Change } from "./store";

export type { GraphDiff, GraphTx } from "./recordSet";

export interface DocumentContent {
  /** The members of the file's root object that are not records, as they were read. */
  readonly root: JsonObject;
  readonly records: readonly GraphRecord[];
}

export class GraphDocument extends RecordSet implements ShapeContext {
  /** The nodes whose look may have changed: changed themselves, at an end of a changed link, or of the sheet left or opened. */
  readonly touched = new Emitter<ReadonlySet<NodeId>>();
  /** Another workflow is about to take the place of this one: ids will mean other nodes. */
  readonly replacing = new Emitter();
  /** It is about to be written to a file: whoever holds values elsewhere puts them in now. */
  readonly writing = new Emitter();
  /** Another sheet was opened. */
  readonly navigated = new Emitter();

  root: JsonObject = {};

  private readonly shapes = new Map<NodeId, NodeShape>();
  private readonly shaping = new Set<NodeId>();
  private readonly watchers = new Map<NodeId, Set<() => void>>();
  private readonly decorations = new Map<NodeId, Decoration>();
  private readonly counters = new Counters();
  private segments: ReadonlyMap<NodeId, string> | null = null;
  private path_: readonly NodeId[] = [];
  private editing = false;

  constructor(private defs_: NodeDefs) {
    super();
    this.store.changed.on((diff) => this.announce(diff));
  }

  get defs(): NodeDefs {
    return this.defs_;
  }

  load(content: DocumentContent): void {
    this.replacing.emit();
    this.root = content.root;
    this.path_ = [];
    this.counters.restart(content.root);
    this.shapes.clear();
    this.decorations.clear();
    this.store.replaceAll(content.records);
    this.navigated.emit();
  }

  /** A fresh catalogue: lists of files may have changed, missing classes may have come. */
  setDefs(defs: NodeDefs): void {
    this.defs_ = defs;
    this.shapes.clear();
    this.tell(new Set([...this.nodes()].map((node) => node.id)));
  }

  /** One step of undo. Reroutes that no link goes through any more leave with the edit that took their links. */
  transact(label: string, edit: (tx: GraphTx) => void, mergeKey?: string): void {
    if (this.editing) {
      this.store.transact(label, edit, mergeKey);
      return;
    }
    this.editing = true;
    try {
      const tidied = (tx: GraphTx) => {
        edit(tx);
        for (const id of looseReroutes(this)) tx.remove(`reroute:${id}`);
      };
      this.store.transact(label, tidied, mergeKey);
    } finally {
      this.editing = false;
    }
  }

  // --- the open sheet ---

  /** The subgraph nodes that were entered, the outermost first. */
  get path(): readonly NodeId[] {
    return this.path_;
  }

  get sheet(): SheetId {
    return this.sheetAt(this.path_);
  }

  /** Opens the sheet that this way leads to, as far as it leads anywhere. */
  goTo(path: readonly NodeId[]): void {
    const valid = validPath(this, path);
    if (valid.length === this.path_.length && valid.every((id, i) => id === this.path_[i])) return;
    const left = [...this.nodes()].map((node) => node.id);
    this.path_ = valid;
    this.tell(new Set([...left, ...[...this.nodes()].map((node) => node.id)]));
    this.navigated.emit();
  }

  private sheetAt(path: readonly NodeId[]): SheetId {
    const last = path.at(-1);
    return last === undefined ? ROOT : (this.node(last)?.type ?? ROOT);
  }

  isHere(id: NodeId): boolean {
    return this.node(id)?.sheet === this.sheet;
  }

  *nodes(): IterableIterator<NodeRecord> {
    yield* this.on(this.sheet, "node");
  }

  *links(): IterableIterator<LinkRecord> {
    yield* this.on(this.sheet, "link");
  }

  *groups(): IterableIterator<GroupRecord> {
    yield* this.on(this.sheet, "group");
  }

  *reroutes(): IterableIterator<RerouteRecord> {
    yield* this.on(this.sheet, "reroute");
  }

  shape(id: NodeId): NodeShape | undefined {
    const known = this.shapes.get(id);
    if (known) return known;
    const node = this.node(id);
    // A subgraph that contains itself would never be done.
    if (!node || this.shaping.has(id)) return undefined;
    this.shaping.add(id);
    const decoration = this.decorations.get(id);
    const plain = shapeOf(node, this);
    const shape = decoration ? decorated(plain, decoration) : plain;
    this.shaping.delete(id);
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

  /** A node's own part of its id in a prompt. */
  segment(id: NodeId): string {
    this.segments ??= promptSegments(this);
    return this.segments.get(id) ?? id;
  }

  /** By which id the server speaks of a node of the open sheet: the ids along the way, joined. */
  runId(id: NodeId): string {
    return [...this.path_, id].map((part) => this.segment(part)).join(":");
  }

  // --- new ids ---

  nextNodeId(sheet = this.sheet): NodeId {
    return idOn(sheet, String(this.counters.next("node")));
  }

  nextLinkId(sheet = this.sheet): string {
    return idOn(sheet, String(this.counters.next("link")));
  }

  nextGroupId(sheet = this.sheet): GroupId {
    return idOn(sheet, String(this.counters.next("group")));
  }

  nextRerouteId(sheet = this.sheet): RerouteId {
    return idOn(sheet, String(this.counters.next("reroute")));
  }

  get lastIds(): LastIds {
    return this.counters.last;
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

  protected override index(change: Change<GraphRecord>): void {
    super.index(change);
    const { before, after } = change;
    const record = after ?? before;
    if (!record) return;
    this.counters.see(record);
    if (record.kind === "node") {
      if (!before || !after) this.segments = null;
      if (before?.kind === "node" && after?.kind === "node" && sameShape(before, after)) return;
      this.shapes.delete(record.id);
      // A primitive mirrors its target.
      for (const link of this.linksOf(record.id)) if (link.to === record.id) this.shapes.delete(link.from);
    } else if (record.kind === "link") {
      this.shapes.delete(record.from);
      this.shapes.delete(record.to);
    } else if (record.kind === "sheet") {
      this.segments = null;
      this.shapes.clear();
    }
    const inside = sheetOf(record);
    if (inside !== ROOT) for (const id of this.hostsOf(inside)) this.shapes.delete(id);
  }

  private announce(diff: GraphDiff): void {
    const ids = new Set<NodeId>();
    for (const { before, after } of diff.values()) {
      for (const record of [before, after]) {
        if (record?.kind === "node") ids.add(record.id);
        else if (record?.kind === "link") ids.add(record.from).add(record.to);
        const inside = record ? sheetOf(record) : ROOT;
        if (inside === ROOT) continue;
        for (const id of this.hostsOf(inside)) ids.add(id);
        if (record?.kind === "sheet") for (const { id } of this.on(inside, "node")) ids.add(id);
      }
    }
    this.goTo(this.path_);
    this.tell(ids);
  }

  private tell(ids: ReadonlySet<NodeId>): void {
    if (!ids.size) return;
    this.touched.emit(ids);
    for (const id of ids) for (const listener of [...(this.watchers.get(id) ?? [])]) listener();
  }
}

/** The sheet that a record says something about. */
function sheetOf(record: GraphRecord): SheetId {
  return record.kind === "sheet" ? record.id : record.sheet;
}

/** Moving, resizing and muting do not change what a node offers. */
function sameShape(a: NodeRecord, b: NodeRecord): boolean {
  return (
    a.type === b.type &&
    a.title === b.title &&
    a.values === b.values &&
    a.inputs === b.inputs &&
    a.outputs === b.outputs &&
    a.raw === b.raw
  );
}
