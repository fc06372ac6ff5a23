/** Reads ComfyUI's workflow files (litegraph 0.4, and version 1 with object links) into a document. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { DocumentContent } from "../document";
import type { NodeDefs } from "../nodeDefs";
import type { GroupRecord, LinkRecord, NodeRecord, SavedSlot } from "../records";
import { VIRTUAL_DEFS } from "../virtualNodes";
import { readControl } from "../widgets";
import { dropSocketPlaces, type Place, placesOf } from "./places";

export class NotAWorkflow extends Error {}

/** Members of a node that the editor interprets and writes itself; the rest is kept in `raw`. */
const NODE_MEMBERS = new Set("id type title pos size mode color bgcolor inputs outputs".split(" "));
const ROOT_MEMBERS = new Set("nodes links groups version state reroutes".split(" "));

export function readWorkflow(file: Json, defs: NodeDefs): DocumentContent {
  if (!isObject(file) || !isArray(file.nodes)) throw new NotAWorkflow("This file has no list of nodes");
  const root = omit(file, ROOT_MEMBERS);
  const table = readLinkTable(file.links);
  const nodes = new Map<string, NodeRecord>();
  const links: LinkRecord[] = [];
  const rawNodes: [NodeRecord, JsonObject][] = [];
  for (const raw of file.nodes) {
    if (!isObject(raw)) continue;
    const node = readNode(raw, defs, nodes);
    nodes.set(node.id, node);
    rawNodes.push([node, raw]);
  }
  for (const [node, raw] of rawNodes) links.push(...readLinks(node, raw, table, nodes));
  uniqueIds(links);
  const groups = isArray(file.groups) ? file.groups.filter(isObject).map(readGroup) : [];
  return { root: withReroutes(root, file), records: [...groups, ...nodes.values(), ...links] };
}

function readNode(raw: JsonObject, defs: NodeDefs, taken: ReadonlyMap<string, unknown>): NodeRecord {
  const type = String(raw.type ?? "");
  const def = defs.get(type) ?? VIRTUAL_DEFS.get(type);
  const rest: Record<string, Json | undefined> = omit(raw, NODE_MEMBERS);
  let id = String(raw.id ?? "");
  if (!id || taken.has(id)) {
    for (let n = taken.size + 1; !id || taken.has(id); n++) id = String(n);
  } else if (typeof raw.id === "string") rest.id = raw.id;
  const flags = isObject(raw.flags) ? raw.flags : {};
  const { values, controls } = def ? readValues(raw, type, def) : { values: {}, controls: {} };
  const [w, h] = pair(raw.size);
  const [x, y] = pair(raw.pos);
  return {
    kind: "node",
    id,
    type,
    title: typeof raw.title === "string" ? raw.title : null,
    pos: { x, y },
    size: { w, h },
    mode: typeof raw.mode === "number" ? raw.mode : 0,
    collapsed: flags.collapsed === true,
    pinned: flags.pinned === true,
    color: typeof raw.color === "string" ? raw.color : null,
    bgcolor: typeof raw.bgcolor === "string" ? raw.bgcolor : null,
    values,
    controls,
    inputs: readSlots(raw.inputs),
    outputs: readSlots(raw.outputs),
    raw: rest,
  };
}

type Values = Pick<NodeRecord, "values" | "controls">;

function readValues(raw: JsonObject, type: string, def: NonNullable<ReturnType<NodeDefs["get"]>>): Values {
  const values: Record<string, Json> = {};
  const controls: Record<string, NonNullable<ReturnType<typeof readControl>>> = {};
  const stored = raw.widgets_values;
  let array = isArray(stored) ? stored : [];
  let first = true;
  // A branch chosen at place i decides what place i + 1 is, so the list of places is made anew after each value.
  let places: Place[] = placesOf(type, def, values);
  for (let i = 0; i < places.length; i++) {
    if (first) array = dropSocketPlaces(def, array, places);
    first = false;
    const place = places[i];
    if (place?.kind === "value") {
      const value = isObject(stored) ? stored[place.name] : array[i];
      values[place.name] = adapt(place, value === undefined ? (place.spec?.default ?? null) : value);
      places = placesOf(type, def, values);
    } else if (place?.kind === "control") {
      const mode = readControl(array[i]) ?? (place.name === "value" ? undefined : "randomize");
      if (mode) controls[place.name] = mode;
    }
  }
  return { values, controls };
}

/** Very old files write `sample_euler` where the catalogue has `euler`. */
function adapt(place: Place & { kind: "value" }, value: Json): Json {
  if (place.name !== "sampler_name" || typeof value !== "string" || !value.startsWith("sample_"))
    return value;
  const options = place.spec?.kind === "combo" ? place.spec.options : [];
  return options.includes(value) ? value : value.slice("sample_".length);
}

function readSlots(list: Json | undefined): SavedSlot[] {
  const names = new Set<string>();
  return (isArray(list) ? list : []).filter(isObject).map((raw) => {
    const base = String(raw.name ?? "");
    let name = base;
    for (let n = 2; names.has(name); n++) name = `${base}#${n}`;
    names.add(name);
    const type = typeof raw.type === "string" ? raw.type : isArray(raw.type) ? "COMBO" : "*";
    const widget = isObject(raw.widget) && typeof raw.widget.name === "string" ? raw.widget.name : undefined;
    const slot = { name, type, raw: omit(raw, new Set(["link", "links"])) };
    return widget === undefined ? slot : { ...slot, widget };
  });
}

interface FileLink {
  readonly from: string;
  readonly output: number;
  readonly type: string;
}

function readLinkTable(list: Json | undefined): Map<string, FileLink> {
  const table = new Map<string, FileLink>();
  for (const item of isArray(list) ? list : []) {
    if (isArray(item)) {
      const [id, from, output, , , type] = item;
      table.set(String(id), { from: String(from), output: Number(output) || 0, type: linkType(type) });
    } else if (isObject(item)) {
      const { id, origin_id: from, origin_slot: output, type } = item;
      table.set(String(id), { from: String(from), output: Number(output) || 0, type: linkType(type) });
    }
  }
  return table;
}

function linkType(type: Json | undefined): string {
  return typeof type === "string" ? type : isArray(type) ? "COMBO" : "*";
}

/** What an input says counts; the table only tells where the link comes from. */
function readLinks(
  node: NodeRecord,
  raw: JsonObject,
  table: ReadonlyMap<string, FileLink>,
  nodes: ReadonlyMap<string, NodeRecord>,
): LinkRecord[] {
  const inputs = (isArray(raw.inputs) ? raw.inputs : []).filter(isObject);
  return inputs.flatMap((input, i): LinkRecord[] => {
    const slot = node.inputs[i];
    if (input.link === null || input.link === undefined || !slot) return [];
    const entry = table.get(String(input.link));
    if (!entry || !nodes.has(entry.from)) return [];
    return [{ kind: "link", id: String(input.link), ...entry, to: node.id, input: slot.name }];
  });
}

function uniqueIds(links: LinkRecord[]): void {
  const taken = new Set<string>();
  let last = links.reduce((max, link) => Math.max(max, Number(link.id) || 0), 0);
  links.forEach((link, i) => {
    if (taken.has(link.id)) links[i] = { ...link, id: String(++last) };
    taken.add(links[i]?.id ?? "");
  });
}

function readGroup(raw: JsonObject, index: number): GroupRecord {
  const [x = 0, y = 0, w = 0, h = 0] = isArray(raw.bounding) ? raw.bounding.map(Number) : [];
  return {
    kind: "group",
    id: String(index + 1),
    title: String(raw.title ?? ""),
    rect: { x, y, w, h },
    color: typeof raw.color === "string" ? raw.color : null,
    raw: omit(raw, new Set(["title", "bounding", "color"])),
  };
}

/** Version 1 keeps reroutes at the root and on its links; 0.4 keeps both in `extra`. */
function withReroutes(root: JsonObject, file: JsonObject): JsonObject {
  const state = isObject(file.state) ? file.state : {};
  const ids = {
    last_node_id: root.last_node_id ?? state.lastNodeId,
    last_link_id: root.last_link_id ?? state.lastLinkId,
  };
  if (!isArray(file.reroutes)) return { ...root, ...ids };
  const extensions = (isArray(file.links) ? file.links : [])
    .filter(isObject)
    .filter((link) => link.parentId !== undefined)
    .map((link) => ({ id: link.id, parentId: link.parentId }));
  const extra = isObject(root.extra) ? root.extra : {};
  return { ...root, ...ids, extra: { ...extra, reroutes: file.reroutes, linkExtensions: extensions } };
}

/** `[x, y]`, or the `{"0": x, "1": y}` of old files. */
function pair(value: Json | undefined): [number, number] {
  const [a, b] = isArray(value) ? value : isObject(value) ? [value["0"], value["1"]] : [];
  return [Number(a) || 0, Number(b) || 0];
}

function omit(object: JsonObject, members: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !members.has(key)));
}
