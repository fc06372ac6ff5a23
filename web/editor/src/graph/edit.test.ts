import { describe, expect, it } from "vitest";
import { stringifyJson } from "../lib/json";
import { copyNodes, pasteNodes } from "./clipboard";
import { applyControls, nextValue } from "./controls";
import type { GraphDocument } from "./document";
import { addNode, canConnect, connect, moveBy, removeNodes, setControl } from "./edit";
import { writeWorkflow } from "./formats/writeWorkflow";
import { defaultDocument } from "./testing";

const snapshot = (doc: GraphDocument) => {
  const { last_node_id: _n, last_link_id: _l, ...file } = writeWorkflow(doc);
  return stringifyJson(file);
};

describe("editing", () => {
  it("links what fits and refuses what does not", () => {
    const doc = defaultDocument();
    expect(canConnect(doc, { node: "4", output: 0 }, { node: "3", input: "model" })).toBe(true);
    expect(canConnect(doc, { node: "4", output: 1 }, { node: "3", input: "model" })).toBe(false);
  });

  it("refuses a link that would close a circle", () => {
    const doc = defaultDocument();
    const upscale = addNode(doc, "LatentUpscale", { x: 0, y: 0 });
    expect(connect(doc, { node: "3", output: 0 }, { node: upscale, input: "samples" })).toBe(true);
    expect(connect(doc, { node: upscale, output: 0 }, { node: "3", input: "latent_image" })).toBe(false);
  });

  it("replaces the link on an input in one step", () => {
    const doc = defaultDocument();
    const before = doc.linkInto("3", "latent_image");
    const other = addNode(doc, "EmptyLatentImage", { x: 0, y: 0 });
    connect(doc, { node: other, output: 0 }, { node: "3", input: "latent_image" });
    expect(doc.linkInto("3", "latent_image")?.from).toBe(other);
    doc.store.undo();
    expect(doc.linkInto("3", "latent_image")).toEqual(before);
  });

  it("feeds a widget from a link", () => {
    const doc = defaultDocument();
    const number = addNode(doc, "PrimitiveInt", { x: 0, y: 0 });
    expect(connect(doc, { node: number, output: 0 }, { node: "3", input: "steps" })).toBe(true);
    expect(connect(doc, { node: number, output: 0 }, { node: "3", input: "cfg" })).toBe(false);
  });

  it("takes the links of a deleted node along, and gives them back", () => {
    const doc = defaultDocument();
    const before = snapshot(doc);
    removeNodes(doc, ["3"]);
    expect([...doc.links()].some((link) => link.from === "3" || link.to === "3")).toBe(false);
    doc.store.undo();
    expect(snapshot(doc)).toBe(before);
  });

  it("pastes copies with the links among them, in one step", () => {
    const doc = defaultDocument();
    const before = snapshot(doc);
    const ids = pasteNodes(doc, copyNodes(doc, new Set(["4", "6"])), { at: { x: 500, y: 700 } });
    expect(ids).toEqual(["10", "11"]);
    expect(doc.linkInto("11", "clip")?.from).toBe("10");
    expect(doc.node("11")?.values.text).toBe("a red apple");
    expect(doc.node("10")?.pos).toEqual({ x: 500, y: 700 });
    doc.store.undo();
    expect(snapshot(doc)).toBe(before);
  });
});

describe("control after generate", () => {
  const seed = {
    kind: "int",
    look: "field",
    default: 0,
    min: 0,
    max: 18446744073709551615n,
    step: 1,
  } as const;

  it("steps a 64-bit seed exactly", () => {
    expect(nextValue(seed, 18446744073709551614n, "increment", Math.random)).toBe(18446744073709551615n);
    expect(nextValue(seed, 0, "decrement", Math.random)).toBe(0);
    expect(nextValue(seed, 7, "fixed", Math.random)).toBe(7);
  });

  it("changes the seed without a step of undo, and undo of a move leaves it", () => {
    const doc = defaultDocument();
    setControl(doc, "3", "seed", "increment");
    moveBy(doc, ["3"], { x: 10, y: 0 });
    const steps = doc.store.history.undoLabel;
    expect(applyControls(doc)).toEqual(["3"]);
    expect(doc.store.history.undoLabel).toBe(steps);
    doc.store.undo();
    expect(doc.node("3")?.values.seed).toBe(2);
    expect(doc.node("3")?.pos.x).toBe(840);
  });

  it("leaves a seed alone that is fed by a link", () => {
    const doc = defaultDocument();
    const number = addNode(doc, "PrimitiveInt", { x: 0, y: 0 });
    setControl(doc, number, "value", "fixed");
    connect(doc, { node: number, output: 0 }, { node: "3", input: "seed" });
    expect(applyControls(doc)).toEqual([]);
  });
});
