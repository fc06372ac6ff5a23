/** Reads ComfyUI's workflow files (litegraph 0.4 and version 1), with their subgraphs, into a document. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import { type DocumentContent, GraphDocument } from "../document";
import type { NodeDefs } from "../nodeDefs";
import type { GraphRecord, SheetRecord } from "../records";
import { definitionsIn, omit } from "./fields";
import { openGroupNodes } from "./groupNodes";
import { readPromoted } from "./nodeValues";
import { readDefinition, readSheet } from "./readSheet";

export class NotAWorkflow extends Error {}

const RECORDS = new Set(["nodes", "links", "groups"]);

export function readWorkflow(given: Json, defs: NodeDefs): DocumentContent {
  if (!isObject(given) || !isArray(given.nodes)) throw new NotAWorkflow(t("This file has no list of nodes"));
  const file = openGroupNodes(given, defs);
  const sheets = readDefinitions(file);
  const records = readSheet(file, null, defs);
  for (const sheet of sheets) records.push(sheet, ...readSheet(sheet.raw, sheet, defs));
  const content = { root: omit(file, RECORDS), records };
  return sheets.length ? { ...content, records: withPromoted(content, defs) } : content;
}

function readDefinitions(file: JsonObject): SheetRecord[] {
  const found = new Map<string, SheetRecord>();
  for (const raw of definitionsIn(file)) {
    if (isDefinition(raw) && !found.has(raw.id)) found.set(raw.id, readDefinition(raw));
  }
  return [...found.values()];
}

export function isDefinition(raw: Json): raw is JsonObject & { id: string } {
  return isObject(raw) && typeof raw.id === "string" && raw.id !== "";
}

/** Which value of an instance is whose can be told only once everything inside is known. */
function withPromoted(content: DocumentContent, defs: NodeDefs): GraphRecord[] {
  const doc = new GraphDocument(defs);
  doc.load(content);
  return content.records.map((record) => {
    const sheet = record.kind === "node" ? doc.definition(record.type) : undefined;
    if (record.kind !== "node" || !sheet) return record;
    return { ...record, values: readPromoted(record, sheet, doc), controls: {} };
  });
}
