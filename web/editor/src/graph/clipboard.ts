/**
 * Copies a part of a sheet as a small workflow of its own, with the subgraphs that it uses, and puts such a workflow into a
 * document under new ids.
 */
import { type Point, union } from "../lib/geometry";
import { randomUuid } from "../lib/ids";
import { equalJson, isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../lib/json";
import type { GraphDocument } from "./document";
import { connect } from "./edit";
import { objects } from "./formats/fields";
import { readWorkflow } from "./formats/readWorkflow";
import { writeSheet } from "./formats/writeSheet";
import { writeDefinition } from "./formats/writeWorkflow";
import { graft } from "./graft";
import { type GraphRecord, type GroupId, type NodeId, ROOT, type SheetId } from "./records";
import { idOn, isSide, localId } from "./sheets";
import { contains } from "./subgraphs";

const MARK = "easel/nodes";

export function copyNodes(
  doc: GraphDocument,
  ids: ReadonlySet<NodeId>,
  groups: ReadonlySet<GroupId> = new Set(),
): string {
  const links = [...doc.links()].filter((link) => ids.has(link.from) && ids.has(link.to));
  const part = { nodes: ids, links: new Set(links.map((link) => link.id)), groups };
  const { extensions, ...content } = writeSheet(doc, doc.sheet, true, part);
  const subgraphs = usedDefinitions(doc, ids).map((id) => {
    const sheet = doc.definition(id);
    return sheet ? writeDefinition(doc, sheet) : null;
  });
  return stringifyJson({
    clipboard: MARK,
    ...content,
    extra: { linkExtensions: extensions },
    incoming: incoming(doc, ids),
    ...(subgraphs.length ? { definitions: { subgraphs } } : {}),
    version: 1,
  });
}

/** The links that lead into what is copied from what is not, by the names of their ends. */
function incoming(doc: GraphDocument, ids: ReadonlySet<NodeId>): JsonObject[] {
  return [...doc.links()]
    .filter((link) => ids.has(link.to) && !ids.has(link.from))
    .map(({ from, output, to, input }) => ({
      from,
      type: doc.node(from)?.type,
      output: doc.shape(from)?.outputs[output]?.label ?? "",
      to: localId(to, doc.sheet),
      input,
    }));
}

/** The subgraphs that nodes are instances of, and those inside them. */
function usedDefinitions(doc: GraphDocument, ids: Iterable<NodeId>): SheetId[] {
  const typesOf = (nodes: Iterable<NodeId>) =>
    [...nodes].flatMap((id) => doc.node(id)?.type ?? []).filter((type) => doc.definition(type));
  const used = new Set(typesOf(ids));
  for (const id of used)
    for (const inner of typesOf([...doc.on(id, "node")].map((node) => node.id))) used.add(inner);
  return [...used];
}

export function isCopiedNodes(text: string): boolean {
  return text.startsWith(`{"clipboard":"${MARK}"`);
}

export interface PasteOptions {
  /** Where the top left corner goes; without it things land a little aside of where they were. */
  readonly at?: Point | undefined;
  /** Whether links from nodes that were not copied are made again. */
  readonly withLinks?: boolean;
}

/** As one transaction. Answers the nodes. A subgraph is not pasted into itself. */
export function pasteNodes(doc: GraphDocument, text: string, options: PasteOptions = {}): NodeId[] {
  const copied: Json = parseJson(text);
  return isObject(copied) ? insertWorkflow(doc, copied, options) : [];
}

export function insertWorkflow(doc: GraphDocument, file: JsonObject, options: PasteOptions = {}): NodeId[] {
  const { records } = readWorkflow(file, doc.defs);
  const target = doc.sheet;
  let pasted: NodeId[] = [];
  doc.transact("Paste", (tx) => {
    const fresh = takeDefinitions(doc, records);
    for (const record of fresh.records) tx.put(record);
    const top = records.filter((one) => one.kind !== "sheet" && one.sheet === ROOT);
    const wanted = top.map((one) =>
      one.kind === "node" ? { ...one, type: fresh.types.get(one.type) ?? one.type } : one,
    );
    const allowed = wanted.filter((one) => one.kind !== "node" || !contains(doc, one.type, target));
    const by = offset(allowed, options.at);
    const ids = graft(doc, tx, allowed, { sheet: target, by });
    pasted = [...ids.values()];
    if (options.withLinks) linkAgain(doc, objects(file.incoming), ids);
  });
  return pasted;
}

/** Where the top left corner of what is pasted goes. */
function offset(records: readonly GraphRecord[], at: Point | undefined): Point {
  if (!at) return { x: 32, y: 32 };
  const places = records.flatMap((one) =>
    one.kind === "node" ? [{ ...one.pos, w: 0, h: 0 }] : one.kind === "group" ? [one.rect] : [],
  );
  const corner = union(places) ?? { x: 0, y: 0 };
  return { x: at.x - corner.x, y: at.y - corner.y };
}

interface Taken {
  readonly records: readonly GraphRecord[];
  /** What definitions are called here, where they are called something else. */
  readonly types: ReadonlyMap<string, string>;
}

/** Definitions that are not here yet. One that is here, but says something else, comes in under a new id. */
function takeDefinitions(doc: GraphDocument, records: readonly GraphRecord[]): Taken {
  const sheets = records.filter((one) => one.kind === "sheet");
  const same = new Set<SheetId>();
  const types = new Map<string, string>();
  for (const sheet of sheets) {
    const here = doc.definition(sheet.id);
    if (here && equalJson(parseJson(stringifyJson(writeDefinition(doc, here))), sheet.raw))
      same.add(sheet.id);
    else if (here) types.set(sheet.id, randomUuid());
  }
  const wanted = records.filter((one) => {
    const sheet = one.kind === "sheet" ? one.id : one.sheet;
    return sheet !== ROOT && !same.has(sheet);
  });
  return { records: wanted.map((one) => renamed(one, types)), types };
}

/** A record of a definition under the definition's new id. */
function renamed(record: GraphRecord, types: ReadonlyMap<string, string>): GraphRecord {
  const type = (name: string) => types.get(name) ?? name;
  if (record.kind === "sheet")
    return { ...record, id: type(record.id), raw: { ...record.raw, id: type(record.id) } };
  const sheet = type(record.sheet);
  const id = (old: string) => idOn(sheet, localId(old, record.sheet));
  const moved = { ...record, id: id(record.id), sheet };
  if (moved.kind === "node")
    return {
      ...moved,
      type: type(moved.type),
      raw: isSide(moved.type) ? moved.raw : { ...moved.raw, type: type(moved.type) },
    };
  if (moved.kind === "group") return moved;
  const parent = moved.parent === null ? null : id(moved.parent);
  if (moved.kind === "reroute") return { ...moved, parent };
  return { ...moved, parent, from: id(moved.from), to: id(moved.to) };
}

/** From the nodes that they came from, as far as those are here; slots are found by name. */
function linkAgain(doc: GraphDocument, links: readonly JsonObject[], ids: ReadonlyMap<NodeId, NodeId>): void {
  for (const { from, type, output: label, to, input } of links) {
    const origin = doc.node(String(from));
    const target = ids.get(String(to));
    if (!origin || origin.type !== type || target === undefined || !doc.isHere(origin.id)) continue;
    const output = doc.shape(origin.id)?.outputs.find((one) => one.label === label)?.index;
    if (output !== undefined)
      connect(doc, { node: origin.id, output }, { node: target, input: String(input) });
  }
}
