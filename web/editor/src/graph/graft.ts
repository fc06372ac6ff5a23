/** Puts records on a sheet under ids of that sheet, with the links, reroutes and groups among them. */
import type { Point } from "../lib/geometry";
import type { JsonObject } from "../lib/json";
import type { GraphDocument, GraphTx } from "./document";
import type {
  GraphRecord,
  GroupRecord,
  LinkRecord,
  NodeId,
  NodeRecord,
  RerouteId,
  RerouteRecord,
  SheetId,
} from "./records";
import { idOn, isSide, localId } from "./sheets";

export interface GraftOptions {
  readonly sheet: SheetId;
  readonly by?: Point;
  /** Whether things keep the ids that they had on their own sheet: only where nothing else can be. */
  readonly keepIds?: boolean;
}

/** Answers what each node is called now. Links are put only where both of their ends are among the records. */
export function graft(
  doc: GraphDocument,
  tx: GraphTx,
  records: readonly GraphRecord[],
  { sheet, by = { x: 0, y: 0 }, keepIds = false }: GraftOptions,
): ReadonlyMap<NodeId, NodeId> {
  const nodes = records.filter((one): one is NodeRecord => one.kind === "node" && !isSide(one.type));
  const links = records.filter((one): one is LinkRecord => one.kind === "link");
  const reroutes = records.filter((one): one is RerouteRecord => one.kind === "reroute");
  const moved = (pos: Point): Point => ({ x: pos.x + by.x, y: pos.y + by.y });
  const kept = (record: NodeRecord | LinkRecord | RerouteRecord | GroupRecord) =>
    idOn(sheet, localId(record.id, record.sheet));
  const ids = new Map(nodes.map((node) => [node.id, keepIds ? kept(node) : doc.nextNodeId(sheet)]));
  const dots = new Map<RerouteId, RerouteId>(
    reroutes.map((one) => [one.id, keepIds ? kept(one) : doc.nextRerouteId(sheet)]),
  );
  const chain = (id: RerouteId | null) => (id === null ? null : (dots.get(id) ?? null));
  for (const node of nodes) {
    const raw = keepIds ? node.raw : without(node.raw, "id");
    tx.put({ ...node, id: ids.get(node.id) ?? node.id, sheet, pos: moved(node.pos), raw });
  }
  for (const one of reroutes) {
    const raw = without(one.raw, "id", "parentId", "linkIds");
    const id = dots.get(one.id) ?? one.id;
    tx.put({ ...one, id, sheet, pos: moved(one.pos), parent: chain(one.parent), raw });
  }
  for (const link of links) {
    const [from, to] = [ids.get(link.from), ids.get(link.to)];
    if (from === undefined || to === undefined) continue;
    const id = keepIds ? kept(link) : doc.nextLinkId(sheet);
    tx.put({ ...link, id, sheet, from, to, parent: chain(link.parent), raw: null });
  }
  for (const group of records.filter((one): one is GroupRecord => one.kind === "group")) {
    const id = keepIds ? kept(group) : doc.nextGroupId(sheet);
    const raw = { ...group.raw, id: Number(localId(id, sheet)) };
    tx.put({ ...group, id, sheet, rect: { ...group.rect, ...moved(group.rect) }, raw });
  }
  return ids;
}

function without(object: JsonObject, ...members: string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !members.includes(key)));
}
