/** Writes a document as a workflow file of the version that it came in; new ones as litegraph 0.4. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { GraphDocument } from "../document";
import { type Port, ROOT, type SheetRecord } from "../records";
import { inputSide, localId, outputSide } from "../sheets";
import { definitionsIn, fileId } from "./fields";
import { bounding, sidePlaces } from "./readSheet";
import { isDefinition } from "./readWorkflow";
import { type SheetContent, sameSet, writeSheet } from "./writeSheet";

type Members = Record<string, Json | undefined>;

export function writeWorkflow(doc: GraphDocument): JsonObject {
  doc.writing.emit();
  const { root } = doc;
  const isVersion1 = root.version === 1;
  const content = writeSheet(doc, ROOT, isVersion1);
  const { nodes, links, groups } = content;
  return {
    config: {},
    ...root,
    ...writeLastIds(doc, isVersion1),
    nodes,
    links,
    groups,
    ...writeReroutes(root, content, isVersion1 || isArray(root.reroutes)),
    ...writeDefinitions(doc),
    version: root.version ?? 0.4,
  };
}

/** As the file states them, until something got a new one. */
function writeLastIds(doc: GraphDocument, isVersion1: boolean): JsonObject {
  const { node, link, group, reroute } = doc.lastIds;
  const state = isObject(doc.root.state) ? doc.root.state : undefined;
  if (!isVersion1 && !state) return { last_node_id: node, last_link_id: link };
  const ids = { lastNodeId: node, lastLinkId: link, lastGroupId: group, lastRerouteId: reroute };
  const grown = Object.entries(ids).filter(([key, id]) => id > Number(state?.[key] ?? 0));
  const both = doc.root.last_node_id === undefined ? {} : { last_node_id: node, last_link_id: link };
  return { ...both, state: { ...state, ...Object.fromEntries(grown) } };
}

/** Beside the nodes, or for 0.4 in `extra`. */
function writeReroutes(
  file: JsonObject,
  { reroutes, extensions }: SheetContent,
  beside: boolean,
): JsonObject {
  const extra = isObject(file.extra) ? file.extra : {};
  const keepsList = (list: Json | undefined, now: readonly Json[]) => now.length > 0 || isArray(list);
  const links = keepsList(extra.linkExtensions, extensions) ? { linkExtensions: extensions } : {};
  if (beside) {
    const list = keepsList(file.reroutes, reroutes) ? { reroutes } : {};
    return { ...list, extra: { ...extra, ...links } };
  }
  const list = keepsList(extra.reroutes, reroutes) ? { reroutes } : {};
  return { extra: { ...extra, ...list, ...links } };
}

function writeDefinitions(doc: GraphDocument): JsonObject {
  const open = new Map([...doc.definitions()].map((sheet) => [sheet.id, sheet]));
  const before = definitionsIn(doc.root);
  const kept = before.flatMap((raw): Json[] => {
    if (!isDefinition(raw)) return [raw];
    const sheet = open.get(raw.id);
    open.delete(raw.id);
    return sheet ? [writeDefinition(doc, sheet)] : [];
  });
  const subgraphs = [...kept, ...[...open.values()].map((sheet) => writeDefinition(doc, sheet))];
  const { definitions } = doc.root;
  if (!subgraphs.length && !before.length) return {};
  return { definitions: { ...(isObject(definitions) ? definitions : {}), subgraphs } };
}

export function writeDefinition(doc: GraphDocument, sheet: SheetRecord): JsonObject {
  const { raw, id } = sheet;
  const content = writeSheet(doc, id, true);
  const members: Members = { ...raw, id };
  if (raw.name !== sheet.name) members.name = sheet.name;
  for (const key of ["nodes", "links", "groups"] as const)
    if (content[key].length || isArray(raw[key])) members[key] = content[key];
  const inputs = writePorts(sheet.inputs, (port) => linksFromPort(doc, sheet, port));
  const outputs = writePorts(sheet.outputs, (port) => linksToPort(doc, sheet, port));
  if (inputs.length || isArray(raw.inputs)) members.inputs = inputs;
  if (outputs.length || isArray(raw.outputs)) members.outputs = outputs;
  const beside = isArray(raw.reroutes) || !(isObject(raw.extra) && isArray(raw.extra.reroutes));
  const { extra, ...rest } = writeReroutes(raw, content, beside);
  Object.assign(members, rest, isObject(raw.extra) ? { extra } : {});
  writeSide(doc, inputSide(id), "inputNode", members);
  writeSide(doc, outputSide(id), "outputNode", members);
  return members;
}

function linksFromPort(doc: GraphDocument, sheet: SheetRecord, port: Port): string[] {
  const index = sheet.inputs.indexOf(port);
  const links = doc.linksFrom(inputSide(sheet.id)).filter((link) => link.output === index);
  return links.map((link) => localId(link.id, sheet.id));
}

function linksToPort(doc: GraphDocument, sheet: SheetRecord, port: Port): string[] {
  const link = doc.linkInto(outputSide(sheet.id), port.name);
  return link ? [localId(link.id, sheet.id)] : [];
}

function writePorts(ports: readonly Port[], linksOf: (port: Port) => string[]): JsonObject[] {
  return ports.map((port) => {
    const { raw, label, type } = port;
    const members: Members = { ...raw };
    if (raw.name === undefined) Object.assign(members, { name: port.name, type });
    if ((raw.label ?? null) !== label) members.label = label ?? undefined;
    const links = linksOf(port);
    const order = isArray(raw.linkIds) ? raw.linkIds.map(String) : [];
    const known = order.filter((id) => links.includes(id));
    const now = [...known, ...links.filter((id) => !known.includes(id))].map(fileId);
    if (!sameSet(raw.linkIds, now) || (!isArray(raw.linkIds) && now.length)) members.linkIds = now;
    return members;
  });
}

function writeSide(doc: GraphDocument, id: string, key: "inputNode" | "outputNode", members: Members): void {
  const node = doc.node(id);
  const raw = doc.definition(node?.sheet ?? "")?.raw;
  if (!node || !raw) return;
  const { input, output } = sidePlaces(raw);
  const { x, y } = key === "inputNode" ? input : output;
  if (node.pos.x === x && node.pos.y === y) return;
  const saved = isObject(raw[key]) ? raw[key] : {};
  const [, , w, h] = bounding(saved.bounding);
  const box = [node.pos.x, node.pos.y, w || 120, h || 60];
  members[key] = { ...saved, id: Number(localId(id, node.sheet)), bounding: box };
}
