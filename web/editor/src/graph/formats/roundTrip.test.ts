/** Opening a workflow and saving it again says the same, in every format, whatever is in it. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json";
import { removeNodes } from "../edit";
import { openDocument } from "../testing";
import { writeWorkflow } from "./writeWorkflow";

const REPOSITORY = new URL("../../../../../", import.meta.url);
const shipped = readdirSync(new URL("user_workflows/", REPOSITORY)).filter((name) => name.endsWith(".json"));
const converted = readdirSync(new URL("tests/convert/fixtures/", REPOSITORY));

const read = (path: string) => parseJson(readFileSync(new URL(path, REPOSITORY), "utf8")) as JsonObject;

/** What every file means by leaving these out. */
const MEANT = { groups: [], config: {}, extra: {}, version: 0.4, links: [] };

function expectSame(file: JsonObject): void {
  const written = parseJson(stringifyJson(writeWorkflow(openDocument(file)))) as JsonObject;
  const ids = file.state === undefined ? { last_node_id: 0, last_link_id: 0 } : {};
  expect(written).toEqual(parseJson(stringifyJson({ ...MEANT, ...ids, ...file })));
}

describe("a workflow that is opened and saved is the same", () => {
  for (const name of shipped) it(name, () => expectSame(read(`user_workflows/${name}`)));

  // Files that the converter's examples break on purpose lose their broken links, nothing else.
  const BROKEN = ["link_missing.json", "origin_missing.json"];
  // What inputs say counts; these examples leave out what outputs say, or say it differently.
  for (const name of converted.filter((one) => !BROKEN.includes(one)))
    it(name, () => {
      const { workflow } = read(`tests/convert/fixtures/${name}`);
      const once = writeWorkflow(openDocument(workflow ?? null));
      const twice = writeWorkflow(openDocument(parseJson(stringifyJson(once))));
      expect(twice).toEqual(once);
      // Group nodes are subgraphs from then on.
      if (name.startsWith("group_node")) return;
      expect(withoutSlots(once)).toEqual(withoutSlots({ ...MEANT, ...(workflow as JsonObject) }));
    });

  it("with nodes, groups, reroutes and subgraphs that nobody has seen before", () => {
    fc.assert(
      fc.property(workflow(), (file) => expectSame(file)),
      { numRuns: 80 },
    );
  });

  it("also where a node was deleted and the deletion undone", () => {
    fc.assert(
      fc.property(workflow(), fc.nat(20), (file, pick) => {
        const doc = openDocument(file);
        const before = stringifyJson(writeWorkflow(doc));
        const nodes = [...doc.nodes()];
        const node = nodes[pick % Math.max(1, nodes.length)];
        if (node) removeNodes(doc, [node.id]);
        doc.store.undo();
        expect(stringifyJson(writeWorkflow(doc))).toBe(before);
      }),
      { numRuns: 30 },
    );
  });
});

/** The parts of a file that no node's slots and no link tell. */
function withoutSlots(file: JsonObject): Json {
  const { last_node_id: _n, last_link_id: _l, links: _, ...rest } = file;
  return strip(rest);
}

function strip(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map((one) => strip(one as Json));
  if (!isObject(value)) return value ?? null;
  const kept = Object.entries(value).filter(
    ([key, one]) => !["links", "inputs", "outputs", "linkIds"].includes(key) && one !== undefined,
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, strip(one)]));
}

// --- generated files ---

const TYPES = ["KSampler", "CLIPTextEncode", "LoadImage", "Reroute", "Note", "PrimitiveNode", "Nobody'sNode"];

interface Plan {
  readonly nodes: readonly NodePlan[];
  readonly links: readonly { readonly from: number; readonly to: number; readonly via: number }[];
  readonly reroutes: readonly { readonly x: number; readonly y: number }[];
  readonly groups: readonly JsonObject[];
}

interface NodePlan {
  readonly type: string;
  readonly x: number;
  readonly mode: number;
  readonly values: Json | undefined;
  readonly extra: JsonObject;
}

function json(): fc.Arbitrary<Json> {
  const plain = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string({ maxLength: 5 }));
  return fc.oneof(
    plain,
    fc.array(plain, { maxLength: 2 }),
    fc.dictionary(fc.string({ maxLength: 3 }), plain),
  );
}

/** Members of theirs, under names that no format has. */
function unknown(): fc.Arbitrary<JsonObject> {
  return fc.dictionary(fc.constantFrom("their_a", "their_b", "properties"), json(), { maxKeys: 2 });
}

function sheet(types: readonly string[]): fc.Arbitrary<Plan> {
  return fc.record({
    nodes: fc.array(
      fc.record({
        type: fc.constantFrom(...types),
        x: fc.integer().map((x) => x / 8),
        mode: fc.constantFrom(0, 2, 4),
        values: fc.option(fc.array(json(), { maxLength: 9 }), { nil: undefined }),
        extra: unknown(),
      }),
      { maxLength: 6 },
    ),
    links: fc.array(fc.record({ from: fc.nat(9), to: fc.nat(9), via: fc.nat(4) }), { maxLength: 6 }),
    reroutes: fc.array(fc.record({ x: fc.integer(), y: fc.integer() }), { maxLength: 3 }),
    groups: fc.array(
      fc.record({ title: fc.string(), bounding: fc.constant([1, 2, 3, 4]), their_a: json() }),
      { maxLength: 2 },
    ),
  });
}

function workflow(): fc.Arbitrary<JsonObject> {
  const inner = fc.array(sheet(TYPES), { maxLength: 2 });
  return inner.chain((definitions) =>
    fc
      .record({
        root: sheet([...TYPES, ...definitions.map((_, i) => `uuid-${i}`)]),
        isVersion1: fc.boolean(),
        extra: fc.dictionary(fc.constantFrom("models", "config", "revision", "floatingLinks"), json()),
      })
      .map(({ root, isVersion1, extra }) => build(root, definitions, isVersion1, extra)),
  );
}

function build(root: Plan, definitions: readonly Plan[], isVersion1: boolean, extra: JsonObject): JsonObject {
  const { reroutes, extensions, ...content } = lay(root, isVersion1);
  const subgraphs = definitions.map((plan, i) => {
    const { extensions: _, ...inside } = lay(plan, true);
    return {
      id: `uuid-${i}`,
      name: `Sub ${i}`,
      version: 1,
      their_a: [i],
      inputNode: { id: -10, bounding: [-200, 0, 120, 60] },
      outputNode: { id: -20, bounding: [900, 0, 120, 60], pinned: true },
      inputs: [{ id: `in-${i}`, name: "a", type: "*", linkIds: [], their_b: 1 }],
      outputs: [],
      ...inside,
    };
  });
  const ids = isVersion1
    ? { state: { lastNodeId: 90, lastLinkId: 90, lastGroupId: 9, lastRerouteId: 9, theirs: 1 } }
    : { last_node_id: 90, last_link_id: 90 };
  return {
    id: "5b0d",
    ...extra,
    ...ids,
    ...content,
    ...(isVersion1 ? { reroutes } : {}),
    extra: isVersion1 ? { ds: { scale: 1 } } : { ds: { scale: 1 }, reroutes, linkExtensions: extensions },
    ...(subgraphs.length ? { definitions: { subgraphs, theirs: 2 } } : {}),
    version: isVersion1 ? 1 : 0.4,
  };
}

/** Every node of a file has one input and one output; links run from earlier nodes to later ones. */
function lay(plan: Plan, asObjects: boolean) {
  const links = plan.links
    .map(({ from, to, via }) => ({ from: Math.min(from, to), to: Math.max(from, to), via }))
    .filter(({ from, to }) => from < to && to < plan.nodes.length)
    .filter((link, i, all) => all.findIndex((other) => other.to === link.to) === i)
    .map((link, i) => ({
      ...link,
      id: i + 1,
      parent: link.via < plan.reroutes.length ? link.via + 1 : undefined,
    }));
  const used = plan.reroutes.flatMap((place, i) => {
    const linkIds = links.filter((link) => link.parent === i + 1).map((link) => link.id);
    return linkIds.length ? [{ id: i + 1, pos: [place.x, place.y], linkIds, their_a: 1 }] : [];
  });
  const nodes = plan.nodes.map((node, i) => {
    const link = links.find((one) => one.to === i)?.id ?? null;
    const out = links.filter((one) => one.from === i).map((one) => one.id);
    return {
      id: i + 1,
      type: node.type,
      pos: [node.x, 0],
      size: [200, 100],
      flags: {},
      order: i,
      mode: node.mode,
      inputs: [{ name: "a", type: "*", link, their_a: 1 }],
      outputs: [{ name: "b", type: "*", links: out.length ? out : null, slot_index: 0 }],
      ...(node.values === undefined ? {} : { widgets_values: node.values }),
      ...node.extra,
    };
  });
  return {
    nodes,
    links: links.map(({ id, from, to, parent }) =>
      asObjects
        ? {
            id,
            origin_id: from + 1,
            origin_slot: 0,
            target_id: to + 1,
            target_slot: 0,
            type: "*",
            their_a: 1,
            ...(parent === undefined ? {} : { parentId: parent }),
          }
        : [id, from + 1, 0, to + 1, 0, "*"],
    ),
    groups: plan.groups.map((group, i) => ({ id: i + 1, ...group })),
    reroutes: used,
    extensions: links.flatMap(({ id, parent }) => (parent === undefined ? [] : [{ id, parentId: parent }])),
  };
}
