/** The records of a workflow and the indexes that answer quickly who is where, and linked to whom. */
import { LinkIndex } from "./linkIndex";
import {
  type GraphRecord,
  type GroupId,
  type GroupRecord,
  keyOf,
  type LinkRecord,
  type NodeId,
  type NodeRecord,
  type RecordKey,
  type RerouteId,
  type RerouteRecord,
  rebase,
  type SheetId,
  type SheetRecord,
} from "./records";
import { SheetIndex } from "./sheetIndex";
import { type Change, type Diff, RecordStore, type Transaction } from "./store";

export type GraphDiff = Diff<RecordKey, GraphRecord>;
export type GraphTx = Transaction<RecordKey, GraphRecord>;

type OnSheet = "node" | "link" | "group" | "reroute";

export class RecordSet {
  readonly store = new RecordStore<RecordKey, GraphRecord>(keyOf, (change) => this.index(change), rebase);

  private readonly links_ = new LinkIndex();
  private readonly sheets_ = new SheetIndex();

  /** All records of a kind on a sheet, in the order of the file. */
  *on<K extends OnSheet>(sheet: SheetId, kind: K): IterableIterator<Extract<GraphRecord, { kind: K }>> {
    for (const record of this.store.all()) {
      if (record.kind === kind && (record as NodeRecord).sheet === sheet)
        yield record as Extract<GraphRecord, { kind: K }>;
    }
  }

  /** On every sheet. */
  *allNodes(): IterableIterator<NodeRecord> {
    for (const record of this.store.all()) if (record.kind === "node") yield record;
  }

  *definitions(): IterableIterator<SheetRecord> {
    for (const record of this.store.all()) if (record.kind === "sheet") yield record;
  }

  node(id: NodeId): NodeRecord | undefined {
    return this.store.get(`node:${id}`) as NodeRecord | undefined;
  }

  group(id: GroupId): GroupRecord | undefined {
    return this.store.get(`group:${id}`) as GroupRecord | undefined;
  }

  link(id: string): LinkRecord | undefined {
    return this.store.get(`link:${id}`) as LinkRecord | undefined;
  }

  reroute(id: RerouteId): RerouteRecord | undefined {
    return this.store.get(`reroute:${id}`) as RerouteRecord | undefined;
  }

  /** The definition that a node of this type is an instance of. */
  definition(type: string): SheetRecord | undefined {
    return this.store.get(`sheet:${type}`) as SheetRecord | undefined;
  }

  instancesOf(type: string): readonly NodeId[] {
    return this.sheets_.instancesOf(type);
  }

  /** The nodes that show what is inside a sheet: its instances, and those of the subgraphs that they are in. */
  hostsOf(sheet: SheetId): ReadonlySet<NodeId> {
    return this.sheets_.hostsOf(sheet);
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

  protected index({ before, after }: Change<GraphRecord>): void {
    if (before?.kind === "link") this.links_.remove(before);
    if (after?.kind === "link") this.links_.add(after);
    if ((after ?? before)?.kind === "node")
      this.sheets_.change(before as NodeRecord | undefined, after as NodeRecord | undefined);
  }
}
