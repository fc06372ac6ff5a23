import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isArray, isObject, type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json";
import { addNode, setValue } from "../edit";
import { defaultDocument, defaultWorkflow, defs, openDocument } from "../testing";
import { NotAWorkflow, readWorkflow } from "./readWorkflow";
import { writeWorkflow } from "./writeWorkflow";

const members = (value: Json | undefined): readonly JsonObject[] =>
  isArray(value) ? value.filter(isObject) : [];
const nodeOf = (file: JsonObject, id: number) => members(file.nodes).find((node) => node.id === id);

describe("workflow files", () => {
  it("reads values by name, with their controls", () => {
    const sampler = defaultDocument().node("3");
    expect(sampler?.values).toEqual({
      seed: 1,
      steps: 20,
      cfg: 4,
      sampler_name: "dpmpp_2m",
      scheduler: "karras",
      denoise: 1,
    });
    expect(sampler?.controls).toEqual({ seed: "randomize" });
  });

  it("writes the default workflow back with the same nodes, values and links", () => {
    const file = defaultWorkflow() as JsonObject;
    const written = writeWorkflow(openDocument(file));
    for (const node of members(file.nodes)) {
      const again = nodeOf(written, node.id as number);
      expect(again).toMatchObject({
        type: node.type,
        pos: node.pos,
        size: node.size,
        properties: node.properties,
      });
      expect(again?.widgets_values).toEqual(node.widgets_values);
    }
    expect(written.links).toEqual(file.links);
    expect(written.version).toBe(0.4);
  });

  it("keeps a 64-bit seed exact through reading and writing", () => {
    const text = stringifyJson(defaultWorkflow()).replace('[1,"randomize"', '[18446744073709551615,"fixed"');
    const doc = openDocument(parseJson(text));
    expect(doc.node("3")?.values.seed).toBe(18446744073709551615n);
    expect(stringifyJson(writeWorkflow(doc))).toContain('[18446744073709551615,"fixed"');
  });

  it("keeps nodes it does not know, and every field it does not know, as they were", () => {
    const unknown = {
      id: 20,
      type: "SomebodyElses",
      pos: [10, 20],
      size: [200, 100],
      flags: { pinned: true },
      order: 0,
      mode: 4,
      shape: 2,
      inputs: [{ name: "a", type: "THING", link: 30, extra: 1 }],
      outputs: [{ name: "b", type: "IMAGE", links: null, slot_index: 0 }],
      properties: { cnr_id: "pack", deep: { list: [1, 2] } },
      widgets_values: [1, null, { x: 2 }, "text"],
      color: "#223",
    };
    const thing = { ...unknown, id: 21, outputs: [{ name: "t", type: "THING", links: [30] }], inputs: [] };
    const file = {
      nodes: [unknown, thing],
      links: [[30, 21, 0, 20, 0, "THING"]],
      groups: [{ id: 1, title: "G", bounding: [0, 0, 10, 10], color: "#333", font_size: 24, flags: {} }],
      config: { a: 1 },
      extra: { ds: { scale: 1 }, mine: [1] },
      models: [{ name: "m" }],
      definitions: { subgraphs: [{ id: "uuid", name: "Sub", nodes: [] }] },
      version: 0.4,
    };
    const written = writeWorkflow(openDocument(file));
    expect(nodeOf(written, 20)).toEqual(unknown);
    expect(nodeOf(written, 21)).toEqual({ ...thing, order: 0 });
    for (const key of ["links", "groups", "config", "extra", "models", "definitions"] as const) {
      expect(written[key]).toEqual(file[key]);
    }
  });

  it("believes the input, not the table, about where a link ends", () => {
    const file = parseJson(
      stringifyJson(defaultWorkflow()).replace('[1,4,0,3,0,"MODEL"]', '[1,4,0,99,7,"MODEL"]'),
    );
    expect(openDocument(file).linkInto("3", "model")?.from).toBe("4");
  });

  it("drops links whose origin is not there", () => {
    const file = {
      nodes: [{ id: 1, type: "VAEDecode", inputs: [{ name: "samples", type: "LATENT", link: 5 }] }],
      links: [],
    };
    expect([...openDocument(file).links()]).toEqual([]);
  });

  it("reads object links, old positions and old controls", () => {
    const file = {
      version: 1,
      state: { lastNodeId: 40, lastLinkId: 50 },
      nodes: [
        {
          id: 1,
          type: "EmptyLatentImage",
          pos: { "0": 5, "1": 6 },
          size: { "0": 210, "1": 90 },
          widgets_values: [64],
        },
        { id: 2, type: "VAEDecode", inputs: [{ name: "samples", type: "LATENT", link: 9 }] },
        { id: 3, type: "KSampler", widgets_values: [5, true, 10, 7, "sample_euler", "normal", 1] },
      ],
      links: [
        { id: 9, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: "LATENT", parentId: 3 },
      ],
      reroutes: [{ id: 3, pos: [0, 0], linkIds: [9] }],
    };
    const doc = openDocument(file);
    expect(doc.node("1")?.pos).toEqual({ x: 5, y: 6 });
    expect(doc.node("1")?.values).toEqual({ width: 64, height: 512, batch_size: 1 });
    expect(doc.linkInto("2", "samples")?.from).toBe("1");
    expect(doc.node("3")?.values.sampler_name).toBe("euler");
    expect(doc.node("3")?.controls.seed).toBe("randomize");
    expect(doc.nextNodeId()).toBe("41");
    expect(doc.linkInto("2", "samples")?.parent).toBe("3");
    const written = writeWorkflow(doc);
    expect([written.version, written.links, written.reroutes]).toEqual([1, file.links, file.reroutes]);
  });

  it("gives the places of a chosen branch to its own inputs", () => {
    const node = { id: 1, type: "ResizeImage", widgets_values: ["by factor", 2.5, "lanczos"] };
    const doc = openDocument({ nodes: [node], links: [] });
    expect(doc.node("1")?.values).toEqual({
      resize_type: "by factor",
      "resize_type.factor": 2.5,
      method: "lanczos",
    });
    expect(nodeOf(writeWorkflow(doc), 1)?.widgets_values).toEqual(node.widgets_values);
    setValue(doc, "1", "resize_type", "by size");
    expect(nodeOf(writeWorkflow(doc), 1)?.widgets_values).toEqual(["by size", 512, 512, "lanczos"]);
  });

  it("keeps the place of an upload button, and does not invent one", () => {
    const values = (widgets_values: Json) =>
      nodeOf(
        writeWorkflow(openDocument({ nodes: [{ id: 1, type: "LoadImage", widgets_values }], links: [] })),
        1,
      )?.widgets_values;
    expect(values(["a.png", "image"])).toEqual(["a.png", "image"]);
    expect(values(["a.png"])).toEqual(["a.png"]);
  });

  it("gives nodes of the same id different ones", () => {
    const doc = openDocument({
      nodes: [
        { id: 1, type: "VAEDecode" },
        { id: 1, type: "VAEDecode" },
      ],
      links: [],
    });
    expect([...doc.nodes()].length).toBe(2);
  });

  it("refuses what is no workflow, in words", () => {
    expect(() => readWorkflow({ a: 1 }, defs)).toThrow(NotAWorkflow);
    expect(() => readWorkflow(3, defs)).toThrow("no list of nodes");
  });

  it("writes the same again after reading what it wrote, for any graph", () => {
    const types = [...defs.keys(), "Reroute", "Note", "PrimitiveNode", "Unknown"];
    const added = fc.array(
      fc.record({ type: fc.constantFrom(...types), x: fc.integer(), text: fc.string() }),
    );
    fc.assert(
      fc.property(added, (nodes) => {
        const doc = defaultDocument();
        for (const { type, x, text } of nodes) setValue(doc, addNode(doc, type, { x, y: 0 }), "text", text);
        const once = stringifyJson(writeWorkflow(doc));
        expect(stringifyJson(writeWorkflow(openDocument(parseJson(once))))).toBe(once);
      }),
      { numRuns: 40 },
    );
  });
});
