/** The values of a node's widgets, between the array by position of a file and the names of a document. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import { addedValues } from "../decoration";
import type { GraphDocument } from "../document";
import type { NodeDef, NodeDefs } from "../nodeDefs";
import { promotionPlaces } from "../promotions";
import type { ControlMode, NodeRecord, SheetRecord } from "../records";
import { VIRTUAL_DEFS } from "../virtualNodes";
import { readControl } from "../widgets";
import { dropSocketPlaces, type Place, placesOf } from "./places";

export interface Values {
  readonly values: Readonly<Record<string, Json>>;
  readonly controls: Readonly<Record<string, ControlMode>>;
}

export function readValues(raw: JsonObject, type: string, defs: NodeDefs): Values {
  const def = defs.get(type) ?? VIRTUAL_DEFS.get(type);
  return def ? readDefined(raw, type, def) : { values: {}, controls: {} };
}

function readDefined(raw: JsonObject, type: string, def: NodeDef): Values {
  const values: Record<string, Json> = {};
  const controls: Record<string, ControlMode> = {};
  const stored = raw.widgets_values;
  // A branch chosen at place i decides what place i + 1 is, so the list of places is made anew after each value.
  let places: Place[] = placesOf(type, def, values);
  const array = isArray(stored) ? dropSocketPlaces(def, stored, places) : [];
  for (let i = 0; i < places.length; i++) {
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

/** An instance of a subgraph holds what was promoted to it, and null where it leaves the word to the inner node. */
export function readPromoted(
  node: NodeRecord,
  sheet: SheetRecord,
  doc: GraphDocument,
): Readonly<Record<string, Json>> {
  const stored = node.raw.widgets_values;
  if (!isArray(stored)) return {};
  const places = promotionPlaces(node, sheet, doc);
  const held = places.flatMap((place, i): [string, Json][] => {
    const value = stored[i];
    return place && value !== null && value !== undefined ? [[place.key, value]] : [];
  });
  return Object.fromEntries(held);
}

/** What the file says, as long as it says what the document does; otherwise all of it anew. */
export function writeValues(node: NodeRecord, doc: GraphDocument): Json | undefined {
  const old = node.raw.widgets_values;
  const sheet = doc.definition(node.type);
  if (sheet) return writePromoted(node, sheet, doc);
  const def = doc.defs.get(node.type) ?? VIRTUAL_DEFS.get(node.type);
  if (!def) return old;
  const before = readValues(node.raw, node.type, doc.defs);
  const isNew = node.raw.id === undefined;
  const added = addedValues(node, doc.decoration(node.id));
  if (!isNew && !added.length && holds(node.values, before.values) && holds(node.controls, before.controls))
    return old;
  if (isObject(old)) return { ...old, ...node.values };
  return writeDefined(node, def, isArray(old) ? old : [], added);
}

function holds(current: Readonly<Record<string, Json>>, before: Readonly<Record<string, Json>>): boolean {
  return Object.entries(before).every(([name, value]) => current[name] === value);
}

function writeDefined(
  node: NodeRecord,
  def: NodeDef,
  old: readonly Json[],
  added: readonly Json[],
): Json | undefined {
  const places = placesOf(node.type, def, node.values);
  if (!places.length && !added.length) return node.raw.widgets_values;
  const kept = dropSocketPlaces(def, old, places);
  const array = places.map((place, i): Json => {
    if (place.kind === "value") return node.values[place.name] ?? place.spec?.default ?? null;
    if (place.kind === "control") return node.controls[place.name] ?? kept[i] ?? null;
    return kept[i] ?? null;
  });
  // Places at the end that are no inputs are not invented, only kept.
  const written = added.length
    ? places.length
    : places.findLastIndex((place, i) => place.kind !== "other" || i < kept.length) + 1;
  return [...array.slice(0, written), ...added, ...kept.slice(places.length + added.length)];
}

function writePromoted(node: NodeRecord, sheet: SheetRecord, doc: GraphDocument): Json | undefined {
  const old = node.raw.widgets_values;
  const places = promotionPlaces(node, sheet, doc);
  const before = readPromoted(node, sheet, doc);
  const keys = places.flatMap((place) => place?.key ?? []);
  if (keys.every((key) => (node.values[key] ?? null) === (before[key] ?? null))) return old;
  const kept = isArray(old) ? old : [];
  const array = places.map((place, i) => (place ? (node.values[place.key] ?? null) : (kept[i] ?? null)));
  const last = array.findLastIndex((value) => value !== null);
  return array.slice(0, Math.max(last + 1, Math.min(kept.length, array.length)));
}
