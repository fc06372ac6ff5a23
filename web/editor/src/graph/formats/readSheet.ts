/** Reads what lies on one sheet of a workflow file: the root, or the inside of a subgraph. */

import type { Point } from "../../lib/geometry";
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { NodeDefs } from "../nodeDefs";
import type {
  GraphRecord,
  GroupRecord,
  LinkRecord,
  NodeRecord,
  Port,
  RerouteRecord,
  SheetId,
  SheetRecord,
} from "../records";
import { bareNode, ROOT } from "../records";
import { INPUT_SIDE, idOn, inputSide, OUTPUT_SIDE, outputSide } from "../sheets";
import {
  extensionsIn,
  type FileLink,
  objects,
  pair,
  readLink,
  readPorts,
  readSlots,
  reroutesIn,
  text,
} from "./fields";
import { readValues } from "./nodeValues";

export function readDefinition(raw: JsonObject): SheetRecord {
  return {
    kind: "sheet",
    id: String(raw.id),
    name: text(raw.name) ?? "Subgraph",
    inputs: readPorts(raw.inputs),
    outputs: readPorts(raw.outputs),
    raw,
  };
}

export function readSheet(file: JsonObject, definition: SheetRecord | null, defs: NodeDefs): GraphRecord[] {
  const sheet = definition?.id ?? ROOT;
  const nodes = new Map<string, NodeRecord>();
  const read: [NodeRecord, JsonObject][] = [];
  for (const raw of objects(file.nodes)) {
    const node = readNode(raw, sheet, defs, nodes);
    nodes.set(node.id, node);
    read.push([node, raw]);
  }
  const table = readTable(file);
  const reroutes = readReroutes(file, sheet);
  const links = read.flatMap(([node, raw]) => readInputs(node, raw, table, nodes, definition));
  if (definition) links.push(...readResults(definition, table, nodes));
  uniqueIds(links, sheet);
  const known = new Set(reroutes.map(({ id }) => id));
  const groups = readGroups(file, sheet);
  const sides = definition ? readSides(definition) : [];
  const inTable = new Map([...table.keys()].map((id, i) => [idOn(sheet, id), i]));
  links.sort((a, b) => (inTable.get(a.id) ?? table.size) - (inTable.get(b.id) ?? table.size));
  return [
    ...groups,
    ...nodes.values(),
    ...sides,
    ...reroutes,
    ...links.map((link) =>
      link.parent !== null && known.has(link.parent) ? link : { ...link, parent: null },
    ),
  ];
}

function readNode(
  raw: JsonObject,
  sheet: SheetId,
  defs: NodeDefs,
  taken: ReadonlyMap<string, unknown>,
): NodeRecord {
  const type = String(raw.type ?? "");
  let local = String(raw.id ?? "");
  const isUnique = local !== "" && !taken.has(idOn(sheet, local));
  for (let n = taken.size + 1; local === "" || taken.has(idOn(sheet, local)); n++) local = String(n);
  const flags = isObject(raw.flags) ? raw.flags : {};
  const [w, h] = pair(raw.size);
  const [x, y] = pair(raw.pos);
  return {
    kind: "node",
    id: idOn(sheet, local),
    sheet,
    type,
    title: text(raw.title),
    pos: { x, y },
    size: { w, h },
    mode: typeof raw.mode === "number" ? raw.mode : 0,
    collapsed: flags.collapsed === true,
    pinned: flags.pinned === true,
    color: text(raw.color),
    bgcolor: text(raw.bgcolor),
    ...readValues(raw, type, defs),
    inputs: readSlots(raw.inputs),
    outputs: readSlots(raw.outputs),
    raw: isUnique ? raw : { ...raw, id: Number(local) },
  };
}

function readTable(file: JsonObject): Map<string, FileLink> {
  const extensions = extensionsIn(file);
  const table = new Map<string, FileLink>();
  for (const raw of isArray(file.links) ? file.links : []) {
    const link = readLink(raw);
    if (link) table.set(link.id, { ...link, parent: link.parent ?? extensions.get(link.id) ?? null });
  }
  return table;
}

/** What an input says counts; the table only tells where the link comes from. */
function readInputs(
  node: NodeRecord,
  raw: JsonObject,
  table: ReadonlyMap<string, FileLink>,
  nodes: ReadonlyMap<string, unknown>,
  definition: SheetRecord | null,
): LinkRecord[] {
  return objects(raw.inputs).flatMap((input, i): LinkRecord[] => {
    const slot = node.inputs[i];
    const entry = input.link === null || input.link === undefined ? undefined : table.get(String(input.link));
    const from = entry && originOf(entry, node.sheet, nodes, definition);
    return entry && from && slot ? [record(entry, node.sheet, from, node.id, slot.name)] : [];
  });
}

function originOf(
  link: FileLink,
  sheet: SheetId,
  nodes: ReadonlyMap<string, unknown>,
  definition: SheetRecord | null,
): string | null {
  const from = idOn(sheet, link.from);
  if (definition && from === inputSide(sheet)) return definition.inputs[link.output] ? from : null;
  return nodes.has(from) ? from : null;
}

/** An output of a subgraph is fed by the first of its links that is there. */
function readResults(
  definition: SheetRecord,
  table: ReadonlyMap<string, FileLink>,
  nodes: ReadonlyMap<string, unknown>,
): LinkRecord[] {
  const { id: sheet, outputs } = definition;
  return outputs.flatMap(({ name, raw }: Port): LinkRecord[] => {
    const ids = isArray(raw.linkIds) ? raw.linkIds.map(String) : [];
    const entry = ids.flatMap((id) => table.get(id) ?? [])[0];
    const from = entry && originOf(entry, sheet, nodes, definition);
    return entry && from ? [record(entry, sheet, from, outputSide(sheet), name)] : [];
  });
}

function record(link: FileLink, sheet: SheetId, from: string, to: string, input: string): LinkRecord {
  const { id, output, type, parent, raw } = link;
  const last = parent === null ? null : idOn(sheet, parent);
  return { kind: "link", id: idOn(sheet, id), sheet, from, output, to, input, type, parent: last, raw };
}

function uniqueIds(links: LinkRecord[], sheet: SheetId): void {
  const taken = new Set<string>();
  let last = links.reduce((max, { raw }) => Math.max(max, Number(readLink(raw)?.id) || 0), 0);
  links.forEach((link, i) => {
    if (taken.has(link.id)) links[i] = { ...link, id: idOn(sheet, String(++last)), raw: null };
    taken.add(links[i]?.id ?? "");
  });
}

function readReroutes(file: JsonObject, sheet: SheetId): RerouteRecord[] {
  const found = new Map<string, RerouteRecord>();
  for (const raw of reroutesIn(file)) {
    const id = idOn(sheet, String(raw.id));
    const [x, y] = pair(raw.pos);
    const parent =
      raw.parentId === undefined || raw.parentId === null ? null : idOn(sheet, String(raw.parentId));
    found.set(id, { kind: "reroute", id, sheet, pos: { x, y }, parent, raw });
  }
  return [...found.values()].map((one) =>
    one.parent === null || found.has(one.parent) ? one : { ...one, parent: null },
  );
}

function readGroups(file: JsonObject, sheet: SheetId): GroupRecord[] {
  const taken = new Set<string>();
  return objects(file.groups).map((raw) => {
    let local = String(raw.id ?? taken.size + 1);
    for (let n = taken.size + 1; taken.has(local); n++) local = String(n);
    taken.add(local);
    const [x, y, w, h] = bounding(raw.bounding);
    return {
      kind: "group",
      id: idOn(sheet, local),
      sheet,
      title: String(raw.title ?? ""),
      rect: { x, y, w, h },
      color: text(raw.color),
      raw,
    };
  });
}

export function bounding(value: Json | undefined): [number, number, number, number] {
  const [x = 0, y = 0, w = 0, h = 0] = isArray(value) ? value.map((n) => Number(n) || 0) : [];
  return [x, y, w, h];
}

const SIDE_GAP = 240;

/** Where the two sides of a subgraph stand: where the file says, else left and right of what is between them. */
export function sidePlaces(file: JsonObject): { readonly input: Point; readonly output: Point } {
  const boxes = objects(file.nodes).map((raw) => [...pair(raw.pos), ...pair(raw.size)] as const);
  const left = boxes.length ? Math.min(...boxes.map(([x]) => x)) : SIDE_GAP;
  const right = boxes.length ? Math.max(...boxes.map(([x, , w]) => x + w)) : SIDE_GAP;
  const y = boxes[0]?.[1] ?? 0;
  const said = (saved: Json | undefined): Point | null => {
    if (!isObject(saved) || !isArray(saved.bounding)) return null;
    const [x, y] = bounding(saved.bounding);
    return { x, y };
  };
  return {
    input: said(file.inputNode) ?? { x: left - SIDE_GAP, y },
    output: said(file.outputNode) ?? { x: right + SIDE_GAP / 2, y },
  };
}

function readSides({ id: sheet, raw }: SheetRecord): NodeRecord[] {
  const { input, output } = sidePlaces(raw);
  return [
    sideNode(sheet, INPUT_SIDE, input, isObject(raw.inputNode) ? raw.inputNode : {}),
    sideNode(sheet, OUTPUT_SIDE, output, isObject(raw.outputNode) ? raw.outputNode : {}),
  ];
}

export function sideNode(sheet: SheetId, type: string, pos: Point, raw: JsonObject = {}): NodeRecord {
  return bareNode(type === INPUT_SIDE ? inputSide(sheet) : outputSide(sheet), sheet, type, pos, raw);
}
