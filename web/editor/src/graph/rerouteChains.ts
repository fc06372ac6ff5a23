/** The reroutes of links: which ones a link goes through, and which ones no link goes through any more. */
import { isArray, isObject } from "../lib/json";
import type { GraphDocument } from "./document";
import { type LinkRecord, type RerouteId, type RerouteRecord, ROOT, type SheetId } from "./records";

/** From the output to the input. A chain that runs in a circle, as only a damaged file has, ends where it closes. */
export function chainOf(doc: GraphDocument, last: RerouteId | null): RerouteRecord[] {
  const chain: RerouteRecord[] = [];
  for (let id = last; id !== null; ) {
    const reroute = doc.reroute(id);
    if (!reroute || chain.includes(reroute)) break;
    chain.unshift(reroute);
    id = reroute.parent;
  }
  return chain;
}

/** All links that go through a reroute, wherever on their way. */
export function linksThrough(doc: GraphDocument, id: RerouteId): LinkRecord[] {
  const sheet = doc.reroute(id)?.sheet ?? ROOT;
  return [...doc.on(sheet, "link")].filter(
    (link) => link.parent !== null && chainOf(doc, link.parent).some((reroute) => reroute.id === id),
  );
}

/** The links of every reroute of a sheet at once. */
export function linksByReroute(doc: GraphDocument, sheet: SheetId): Map<RerouteId, LinkRecord[]> {
  const result = new Map<RerouteId, LinkRecord[]>();
  for (const link of doc.on(sheet, "link")) {
    for (const { id } of link.parent === null ? [] : chainOf(doc, link.parent)) {
      const links = result.get(id) ?? [];
      links.push(link);
      result.set(id, links);
    }
  }
  return result;
}

/** Reroutes that carry nothing. Those that a file says to be floating wait for a link and stay. */
export function looseReroutes(doc: GraphDocument): RerouteId[] {
  const reroutes = [...doc.store.all()].filter((record) => record.kind === "reroute");
  if (!reroutes.length) return [];
  const carrying = new Set<RerouteId>();
  const keep = (last: RerouteId | null) => {
    for (const { id } of chainOf(doc, last)) carrying.add(id);
  };
  for (const record of doc.store.all()) if (record.kind === "link") keep(record.parent);
  for (const reroute of reroutes) if (isFloating(doc, reroute)) keep(reroute.id);
  return reroutes.filter(({ id }) => !carrying.has(id)).map(({ id }) => id);
}

function isFloating(doc: GraphDocument, { raw, sheet }: RerouteRecord): boolean {
  if (isObject(raw.floating)) return true;
  const file = sheet === ROOT ? doc.root : doc.definition(sheet)?.raw;
  const links = isArray(file?.floatingLinks) ? file.floatingLinks : [];
  return links.some((link) => isObject(link) && link.parentId === raw.id);
}
