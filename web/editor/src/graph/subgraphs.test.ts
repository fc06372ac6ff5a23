import { describe, expect, it } from "vitest";
import { type JsonObject, parseJson, stringifyJson } from "../lib/json";
import { copyNodes, insertWorkflow, pasteNodes } from "./clipboard";
import { applyControls, controlOf } from "./controls";
import type { GraphDocument } from "./document";
import { addNode, connect, removeNodes, setControl, setValue, toggleMode } from "./edit";
import { toApiPrompt } from "./formats/apiPrompt";
import { writeWorkflow } from "./formats/writeWorkflow";
import { locate, pathTo, undo } from "./navigation";
import { addPort, removePort, renamePort } from "./ports";
import { type LinkRecord, Mode } from "./records";
import { addReroute } from "./reroutes";
import { inputSide, outputSide } from "./sheets";
import { removeAndReconnect } from "./splice";
import { addInstance, convertToSubgraph, renameSubgraph, unpackSubgraph } from "./subgraphs";
import { defaultDocument, openDocument } from "./testing";

const text = (doc: GraphDocument) => stringifyJson(writeWorkflow(doc));
const again = (doc: GraphDocument) => openDocument(parseJson(text(doc)));

/** A prompt whatever its nodes are called: each named by its class, title and what feeds it. */
function meaning(doc: GraphDocument): unknown {
  const prompt = toApiPrompt(doc);
  const of = (id: string): unknown => {
    const { class_type, inputs } = prompt[id] ?? { class_type: "", inputs: {} };
    const fed = Object.entries(inputs).map(([name, value]) =>
      Array.isArray(value) ? [name, of(String(value[0])), value[1]] : [name, value],
    );
    return [class_type, fed.sort(([a], [b]) => String(a).localeCompare(String(b)))];
  };
  return Object.keys(prompt)
    .map((id) => stringifyJson(of(id) as JsonObject))
    .sort();
}

function converted(ids: readonly string[] = ["3", "6", "7"]) {
  const doc = defaultDocument();
  const before = meaning(doc);
  const id = convertToSubgraph(doc, { nodes: new Set(ids) }) ?? "";
  const sheet = doc.node(id)?.type ?? "";
  return { doc, before, id, sheet };
}

describe("a subgraph", () => {
  it("takes the place of nodes, with a port for whatever leads through its wall, and runs the same", () => {
    const { doc, before, id, sheet } = converted();
    expect(doc.definition(sheet)?.inputs.map(({ name }) => name)).toEqual(["model", "latent_image", "clip"]);
    expect(doc.definition(sheet)?.outputs.map(({ type }) => type)).toEqual(["LATENT"]);
    expect([...doc.nodes()].map((node) => node.id)).not.toContain("3");
    expect(doc.shape(id)).toMatchObject({ status: "subgraph", title: "Subgraph" });
    expect(meaning(doc)).toEqual(before);
    expect(Object.keys(toApiPrompt(doc))).toContain(`${id}:3`);
  });

  it("is written so that it is read back the same, and the server's ids are those of the page", () => {
    const { doc, before, id } = converted();
    const copy = again(doc);
    expect(writeWorkflow(copy)).toEqual(parseJson(text(doc)));
    expect(meaning(copy)).toEqual(before);
    copy.goTo([id]);
    expect(copy.runId([...copy.nodes()].find((node) => node.type === "KSampler")?.id ?? "")).toBe(`${id}:3`);
    expect(locate(copy, `${id}:3`)?.path).toEqual([id]);
  });

  it("is made in one step, and undone in one", () => {
    const doc = defaultDocument();
    const before = text(doc);
    convertToSubgraph(doc, { nodes: new Set(["3", "6"]) });
    doc.store.undo();
    const { last_node_id: _n, last_link_id: _l, ...file } = writeWorkflow(doc);
    expect(before).toContain(stringifyJson(file.nodes));
    expect([...doc.definitions()]).toEqual([]);
  });

  it("becomes nodes again that run the same, with the values that the instance held", () => {
    const { doc, id, sheet } = converted();
    doc.goTo([id]);
    const sampler = [...doc.nodes()].find((node) => node.type === "KSampler")?.id ?? "";
    connect(doc, { node: inputSide(sheet), output: 3 }, { node: sampler, input: "steps" });
    doc.goTo([]);
    setValue(doc, id, "steps", 7);
    const before = meaning(doc);
    const ids = unpackSubgraph(doc, id);
    expect(meaning(doc)).toEqual(before);
    const unpacked = ids.map((one) => doc.node(one)).find((node) => node?.type === "KSampler");
    expect(unpacked?.values.steps).toBe(7);
    expect([...doc.definitions()]).toEqual([]);
    doc.store.undo();
    expect(meaning(doc)).toEqual(before);
  });

  it("lies where it was when it is unpacked again", () => {
    const places = (doc: GraphDocument) =>
      [...doc.nodes()].map(({ type, pos }) => [type, pos.x, pos.y]).sort();
    const { doc, id } = converted();
    const before = places(defaultDocument());
    expect(places(doc)).not.toEqual(before);
    unpackSubgraph(doc, id);
    expect(places(doc)).toEqual(before);
  });

  it("shows a widget of an inner node that an input leads to; each instance has its own value", () => {
    const { doc, id, sheet } = converted();
    doc.goTo([id]);
    const sampler = [...doc.nodes()].find((node) => node.type === "KSampler")?.id ?? "";
    expect(connect(doc, { node: inputSide(sheet), output: 3 }, { node: sampler, input: "seed" })).toBe(true);
    doc.goTo([]);
    const other = addInstance(doc, sheet, { x: 0, y: 0 }) ?? "";
    setValue(doc, other, "seed", 99);
    expect(doc.shape(id)?.widgets.map(({ name, spec }) => [name, spec.default])).toEqual([["seed", 1]]);
    const seeds = (one: GraphDocument) =>
      [id, other].map((instance) => toApiPrompt(one)[`${instance}:3`]?.inputs.seed);
    expect(seeds(doc)).toEqual([1, 99]);
    expect(seeds(again(doc))).toEqual([1, 99]);
    doc.store.undo();
    expect(seeds(doc)).toEqual([1, 1]);
  });

  it("keeps the control of a promoted seed: set on the instance, applied to the instance's value", () => {
    const { doc, id, sheet } = converted();
    const sampler = `${sheet}/3`;
    connect(doc, { node: inputSide(sheet), output: 3 }, { node: sampler, input: "seed" });
    setControl(doc, id, "seed", "increment");
    expect(controlOf(doc, id, "seed")).toBe("increment");
    expect(doc.node(sampler)?.controls.seed).toBe("increment");
    expect(applyControls(doc)).toEqual([id]);
    expect(doc.node(id)?.values.seed).toBe(2);
    expect(toApiPrompt(again(doc))[`${id}:3`]?.inputs.seed).toBe(2);
  });

  it("nests, and what is inside runs under the ids of the way to it", () => {
    const { doc, before, id, sheet } = converted();
    doc.goTo([id]);
    const inner = convertToSubgraph(doc, { nodes: new Set([`${sheet}/6`, `${sheet}/7`]) }, "Prompts") ?? "";
    expect(meaning(doc)).toEqual(before);
    doc.goTo([id, inner]);
    expect([...doc.nodes()].filter((node) => node.type === "CLIPTextEncode").length).toBe(2);
    expect(pathTo(doc, doc.sheet)).toEqual([id, inner]);
    const copy = again(doc);
    expect(meaning(copy)).toEqual(before);
    expect(writeWorkflow(copy)).toEqual(parseJson(text(doc)));
  });

  it("muted or bypassed does what a node does", () => {
    const { doc, id } = converted();
    toggleMode(doc, [id], Mode.bypassed, "Bypass");
    expect(toApiPrompt(doc)["8"]?.inputs.samples).toEqual(["5", 0]);
    toggleMode(doc, [id], Mode.muted, "Mute");
    expect(toApiPrompt(doc)["8"]?.inputs).not.toHaveProperty("samples");
  });

  it("has ports that are named and taken away on every instance at once", () => {
    const { doc, id, sheet } = converted();
    renamePort(doc, sheet, "inputs", "clip", "Words");
    expect(doc.shape(id)?.sockets.map(({ label }) => label)).toEqual(["model", "latent_image", "Words"]);
    expect(doc.linkInto(id, "clip")).toBeDefined();
    removePort(doc, sheet, "inputs", "model");
    expect(doc.linkInto(id, "model")).toBeUndefined();
    const prompt = toApiPrompt(doc);
    expect(prompt[`${id}:6`]?.inputs.clip).toEqual(["4", 1]);
    expect(prompt[`${id}:3`]?.inputs).not.toHaveProperty("model");
    removePort(doc, sheet, "outputs", "LATENT");
    expect(doc.linkInto("8", "samples")).toBeUndefined();
    undo(doc);
    expect(doc.linkInto("8", "samples")?.from).toBe(id);
    expect(doc.linkInto(outputSide(sheet), "LATENT")?.from).toBe(`${sheet}/3`);
  });

  it("gets a port by a link to the free slot of either side", () => {
    const { doc, id, sheet } = converted();
    const sampler = { node: `${sheet}/3`, output: 0 };
    expect(connect(doc, sampler, { node: outputSide(sheet), input: "" })).toBe(true);
    expect(doc.shape(id)?.outputs.length).toBe(2);
    expect(addPort(doc, sheet, "inputs", "clip", "CLIP")).toBe("clip_1");
    expect(connect(doc, { node: inputSide(sheet), output: 0 }, { node: outputSide(sheet), input: "" })).toBe(
      false,
    );
  });

  it("is renamed for all instances that show its name", () => {
    const { doc, id, sheet } = converted();
    renameSubgraph(doc, sheet, "Portrait");
    expect(doc.shape(id)?.title).toBe("Portrait");
    expect(again(doc).shape(id)?.title).toBe("Portrait");
  });

  it("cannot be put into itself", () => {
    const { doc, id, sheet } = converted();
    const copied = copyNodes(doc, new Set([id]));
    doc.goTo([id]);
    expect(addInstance(doc, sheet, { x: 0, y: 0 })).toBeNull();
    expect(pasteNodes(doc, copied)).toEqual([]);
  });

  it("that contains itself, as only a damaged file has it, opens and says why it cannot run", () => {
    const nodes = [{ id: 1, type: "s" }];
    const doc = openDocument({
      nodes,
      links: [],
      definitions: { subgraphs: [{ id: "s", name: "S", nodes }] },
    });
    doc.goTo(["1", "s/1", "s/1"]);
    expect(doc.path).toEqual(["1", "s/1", "s/1"]);
    expect(() => toApiPrompt(doc)).toThrow("contains itself");
  });

  it("keeps nodes inside whose class is not installed, to the last member", () => {
    const missing = { id: 4, type: "Nobody's", pos: [1, 2], widgets_values: [1, { a: 2 }], theirs: { b: 3 } };
    const subgraphs = [{ id: "s", name: "S", nodes: [missing], links: [] }];
    const doc = openDocument({ nodes: [{ id: 1, type: "s" }], links: [], definitions: { subgraphs } });
    addNode(doc, "VAEDecode", { x: 0, y: 0 });
    expect(writeWorkflow(doc).definitions).toEqual({ subgraphs });
  });

  it("is left for its surroundings when the node that was entered is gone, and entered again by undo", () => {
    const { doc, id, sheet } = converted();
    doc.goTo([id]);
    setValue(doc, `${sheet}/3`, "steps", 9);
    doc.goTo([]);
    removeNodes(doc, [id]);
    undo(doc);
    expect(doc.path).toEqual([]);
    undo(doc);
    expect(doc.path).toEqual([id]);
    expect(doc.node(`${sheet}/3`)?.values.steps).toBe(20);
  });
});

describe("the clipboard", () => {
  it("carries a subgraph with its definition into another workflow, and shares it with one that has it", () => {
    const { doc, id, sheet } = converted();
    const copied = copyNodes(doc, new Set([id]));
    const other = openDocument({ nodes: [], links: [] });
    const [first] = pasteNodes(other, copied);
    const [second] = pasteNodes(other, copied);
    expect([...other.definitions()].map((one) => one.id)).toEqual([sheet]);
    expect(other.instancesOf(sheet)).toEqual([first, second]);
    expect(other.definition(sheet)?.inputs.length).toBe(3);
    other.store.undo();
    other.store.undo();
    expect([...other.definitions()]).toEqual([]);
  });

  it("gives a definition another id where that one is taken by something else", () => {
    const { doc, id, sheet } = converted();
    const copied = copyNodes(doc, new Set([id]));
    setValue(doc, `${sheet}/3`, "steps", 3);
    const [pasted] = pasteNodes(doc, copied);
    expect(doc.node(pasted ?? "")?.type).not.toBe(sheet);
    const steps = Object.values(toApiPrompt(doc)).flatMap(({ inputs }) => inputs.steps ?? []);
    expect(steps.sort()).toEqual([20, 3]);
    expect(meaning(again(doc))).toEqual(meaning(doc));
  });

  it("makes the links from outside again when asked to, found by the names of their slots", () => {
    const doc = defaultDocument();
    const copied = copyNodes(doc, new Set(["3"]));
    const [plain] = pasteNodes(doc, copied);
    expect(doc.linksOf(plain ?? "")).toEqual([]);
    const [linked] = pasteNodes(doc, copied, { withLinks: true });
    const sources = ["model", "positive", "negative", "latent_image"].map(
      (input) => doc.linkInto(linked ?? "", input)?.from,
    );
    expect(sources).toEqual(["4", "6", "7", "5"]);
  });

  it("carries reroutes and groups along", () => {
    const doc = defaultDocument();
    addReroute(doc, doc.linkInto("9", "images") as LinkRecord, { x: 5, y: 5 });
    const group = {
      kind: "group",
      id: "7",
      sheet: "",
      title: "G",
      rect: { x: 0, y: 0, w: 9, h: 9 },
    } as const;
    doc.transact("Group", (tx) => tx.put({ ...group, color: null, raw: { id: 7, theirs: 1 } }));
    const copied = copyNodes(doc, new Set(["8", "9"]), new Set(["7"]));
    const other = openDocument({ nodes: [], links: [] });
    pasteNodes(other, copied);
    expect([...other.reroutes()].map(({ pos }) => pos)).toEqual([{ x: 37, y: 37 }]);
    expect([...other.groups()].map(({ title, rect }) => [title, rect.x])).toEqual([["G", 32]]);
    expect(writeWorkflow(other).groups).toMatchObject([{ theirs: 1 }]);
  });

  it("takes a whole workflow, as blueprints are", () => {
    const { doc, before } = converted();
    const other = openDocument({ nodes: [], links: [] });
    insertWorkflow(other, writeWorkflow(doc));
    expect(meaning(other)).toEqual(before);
  });
});

describe("deleting and reconnecting", () => {
  it("joins what was linked through the node", () => {
    const doc = defaultDocument();
    removeAndReconnect(doc, ["3"]);
    expect(doc.linkInto("8", "samples")?.from).toBe("5");
    doc.store.undo();
    expect(doc.linkInto("8", "samples")?.from).toBe("3");
  });
});
