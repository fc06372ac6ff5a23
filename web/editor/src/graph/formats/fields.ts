/** Small readings that the reader of workflow files and their writer share: what the writer reads as unchanged, it leaves alone. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { Port, SavedSlot } from "../records";

/** `[x, y]`, or the `{"0": x, "1": y}` of old files. */
export function pair(value: Json | undefined): [number, number] {
  const [a, b] = isArray(value) ? value : isObject(value) ? [value["0"], value["1"]] : [];
  return [Number(a) || 0, Number(b) || 0];
}

export function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export function objects(list: Json | undefined): readonly JsonObject[] {
  return isArray(list) ? list.filter(isObject) : [];
}

/** A list of values is the type of an old combo. */
export function typeName(type: Json | undefined): string {
  return typeof type === "string" ? type : isArray(type) ? "COMBO" : "*";
}

/** Slots by name; names that are there twice are told apart. */
export function readSlots(list: Json | undefined): SavedSlot[] {
  return withUniqueNames(objects(list)).map(({ name, raw }) => {
    const widget = isObject(raw.widget) ? text(raw.widget.name) : null;
    const slot = { name, type: typeName(raw.type), raw };
    return widget === null ? slot : { ...slot, widget };
  });
}

export function readPorts(list: Json | undefined): Port[] {
  return withUniqueNames(objects(list)).map(({ name, raw }) => ({
    name,
    label: text(raw.label),
    type: typeName(raw.type),
    raw,
  }));
}

function withUniqueNames(list: readonly JsonObject[]): { name: string; raw: JsonObject }[] {
  const names = new Set<string>();
  return list.map((raw) => {
    const base = String(raw.name ?? "");
    let name = base;
    for (let n = 2; names.has(name); n++) name = `${base}#${n}`;
    names.add(name);
    return { name, raw };
  });
}

export interface FileLink {
  readonly id: string;
  readonly from: string;
  readonly output: number;
  readonly to: string;
  readonly slot: number;
  readonly type: string;
  readonly parent: string | null;
  readonly raw: Json;
}

/** A link in either form: `[id, from, output, to, slot, type]` or an object. */
export function readLink(raw: Json): FileLink | null {
  if (isArray(raw)) {
    const [id, from, output, to, slot, type] = raw;
    return fileLink({ id, from, output, to, slot, type, parent: undefined }, raw);
  }
  if (!isObject(raw)) return null;
  const { id, origin_id: from, origin_slot: output, target_id: to, target_slot: slot, type } = raw;
  return fileLink({ id, from, output, to, slot, type, parent: raw.parentId }, raw);
}

function fileLink(parts: Record<keyof Omit<FileLink, "raw">, Json | undefined>, raw: Json): FileLink {
  const { id, from, output, to, slot, type, parent } = parts;
  return {
    id: String(id),
    from: String(from),
    output: Number(output) || 0,
    to: String(to),
    slot: Number(slot) || 0,
    type: typeName(type),
    parent: parent === undefined || parent === null ? null : String(parent),
    raw,
  };
}

/** Reroutes of a sheet: version 1 and subgraphs have them beside the nodes, 0.4 in `extra`. */
export function reroutesIn(file: JsonObject): readonly JsonObject[] {
  if (isArray(file.reroutes)) return objects(file.reroutes);
  return isObject(file.extra) ? objects(file.extra.reroutes) : [];
}

/** Which reroute each link ends with, where links are arrays. */
export function extensionsIn(file: JsonObject): ReadonlyMap<string, string> {
  const list = isObject(file.extra) ? objects(file.extra.linkExtensions) : [];
  const stated = list.filter(({ parentId }) => parentId !== undefined && parentId !== null);
  return new Map(stated.map(({ id, parentId }) => [String(id), String(parentId)]));
}

export function definitionsIn(file: JsonObject): readonly Json[] {
  const { definitions } = file;
  return isObject(definitions) && isArray(definitions.subgraphs) ? definitions.subgraphs : [];
}

/** Ids are numbers in the file wherever they can be. */
export function fileId(id: string): number | string {
  return /^-?(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}

export function omit(object: JsonObject, members: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !members.has(key)));
}
