/** The server converts workflows too. Both are held to the same examples, in tests/convert/fixtures. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseJson } from "../../lib/json";
import { GraphDocument } from "../document";
import { parseObjectInfo } from "../nodeDefs";
import { toApiPrompt } from "./apiPrompt";
import { readWorkflow } from "./readWorkflow";

const FOLDER = new URL("../../../../../tests/convert/fixtures/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

/** The server leaves the class out; we send it, so that the answer can say which one is missing. */
const UNKNOWN = "unknown_type.json";

function open(file: string): { doc: GraphDocument; example: JsonObject } {
  const example = parseJson(readFileSync(new URL(file, FOLDER), "utf8")) as JsonObject;
  const doc = new GraphDocument(parseObjectInfo(example.object_info ?? {}).defs);
  doc.load(readWorkflow(example.workflow ?? null, doc.defs));
  return { doc, example };
}

describe("a workflow becomes the same prompt here as on the server", () => {
  for (const file of files.filter((name) => name !== UNKNOWN)) {
    const { doc, example } = open(file);
    // What the server refuses opens here all the same, without the links that lead nowhere.
    if (example.prompt === undefined) it(`${file} opens`, () => expect(doc.nodes().next().done).toBe(false));
    else it(file, () => expect(toApiPrompt(doc, { random: () => 0 })).toEqual(example.prompt));
  }
});

it("a class that is not installed is sent by its name", () => {
  const { doc } = open(UNKNOWN);
  const missing = [...doc.nodes()].find((node) => doc.shape(node.id)?.status === "missing");
  expect(toApiPrompt(doc)[missing?.id ?? ""]?.class_type).toBe(missing?.type);
});
