/** Shared by the tests of this layer and those above it. */
import { readFileSync } from "node:fs";
import { objectInfo } from "../api/fake/objectInfo";
import { type Json, parseJson } from "../lib/json";
import { GraphDocument } from "./document";
import { readWorkflow } from "./formats/readWorkflow";
import { parseObjectInfo } from "./nodeDefs";

export const defs = parseObjectInfo(objectInfo).defs;

const DEFAULT = new URL("../../../../user_workflows/text_to_image.json", import.meta.url);

export function defaultWorkflow(): Json {
  return parseJson(readFileSync(DEFAULT, "utf8"));
}

export function openDocument(file: Json): GraphDocument {
  const doc = new GraphDocument(defs);
  doc.load(readWorkflow(file, defs));
  return doc;
}

export function defaultDocument(): GraphDocument {
  return openDocument(defaultWorkflow());
}
