/** The verbs of reroutes: points that links are led through. */
import type { Point } from "../lib/geometry";
import type { GraphDocument, GraphTx } from "./document";
import type { LinkRecord, RerouteId } from "./records";
import { chainOf, linksThrough } from "./rerouteChains";

/** Puts a reroute on a link, at the `at`-th place of its chain. Other links that share the way there go through it too. */
export function addReroute(doc: GraphDocument, link: LinkRecord, pos: Point, at = Infinity): RerouteId {
  const id = doc.nextRerouteId(link.sheet);
  const chain = chainOf(doc, link.parent);
  const before = chain[Math.min(at, chain.length) - 1];
  const after = chain[at];
  const parent = before?.id ?? null;
  doc.transact("Add reroute", (tx) => {
    tx.put({ kind: "reroute", id, sheet: link.sheet, pos, parent, raw: {} });
    if (after) tx.put({ ...after, parent: id });
    else tx.put({ ...link, parent: id });
  });
  return id;
}

/** The links go on from what came before. */
export function removeReroutes(doc: GraphDocument, ids: Iterable<RerouteId>): void {
  doc.transact("Delete reroute", (tx) => {
    for (const id of ids) removeReroute(doc, tx, id);
  });
}

function removeReroute(doc: GraphDocument, tx: GraphTx, id: RerouteId): void {
  const reroute = doc.reroute(id);
  if (!reroute) return;
  const { parent, sheet } = reroute;
  for (const link of [...doc.on(sheet, "link")]) if (link.parent === id) tx.put({ ...link, parent });
  for (const other of [...doc.on(sheet, "reroute")]) if (other.parent === id) tx.put({ ...other, parent });
  tx.remove(`reroute:${id}`);
}

/** Where a new link that branches off here would start; undefined for a reroute that carries nothing. */
export function sourceOfReroute(doc: GraphDocument, id: RerouteId): LinkRecord | undefined {
  return linksThrough(doc, id)[0];
}

/** Straight links again, for all links of some nodes. */
export function straighten(doc: GraphDocument, links: readonly LinkRecord[]): void {
  doc.transact("Remove reroutes", (tx) => {
    for (const link of links) if (link.parent !== null) tx.put({ ...link, parent: null });
  });
}
