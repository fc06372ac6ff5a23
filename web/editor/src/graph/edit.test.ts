import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringifyJson } from "../lib/json";
import { copyNodes, pasteNodes } from "./clipboard";
import { applyControls, nextValue } from "./controls";
import type { GraphDocument } from "./document";
import { addNode, canConnect, connect, disconnect, moveBy, removeNodes, setControl, setValue } from "./edit";
import { writeWorkflow } from "./formats/writeWorkflow";
import { addGroup, removeGroups } from "./groups";
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
    const ids = pasteNodes(doc, copyNodes(doc, new Set(["4", "6"])), { x: 500, y: 700 });
    expect(ids).toEqual(["10", "11"]);
    expect(doc.linkInto("11", "clip")?.from).toBe("10");
    expect(doc.node("11")?.values.text).toBe("a red apple");
    expect(doc.node("10")?.pos).toEqual({ x: 500, y: 700 });
    doc.store.undo();
    expect(snapshot(doc)).toBe(before);
  });

  it("gives every random series of edits back by undo", () => {
    const command = fc.record({
      kind: fc.constantFrom(
        "add",
        "remove",
        "connect",
        "disconnect",
        "move",
        "value",
        "paste",
        "group",
        "ungroup",
      ),
      a: fc.nat(20),
      b: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const doc = defaultDocument();
        const before = snapshot(doc);
        for (const { kind, a, b } of commands) run(doc, kind, a, b);
        for (const link of doc.links()) {
          expect(doc.node(link.from) && doc.node(link.to)).toBeTruthy();
          expect(doc.linkInto(link.to, link.input)).toEqual(link);
        }
        const after = snapshot(doc);
        let steps = 0;
        while (doc.store.undo()) steps++;
        expect(snapshot(doc)).toBe(before);
        for (let i = 0; i < steps; i++) doc.store.redo();
        expect(snapshot(doc)).toBe(after);
      }),
      { numRuns: 60 },
    );
  });
});

function run(doc: GraphDocument, kind: string, a: number, b: number): void {
  const nodes = [...doc.nodes()];
  const [first, second] = [nodes[a % nodes.length], nodes[b % nodes.length]];
  const groups = [...doc.groups()].map((group) => group.id);
  if (kind === "group") addGroup(doc, `Group ${a}`, { x: a, y: b, w: 200, h: 200 });
  if (kind === "ungroup") removeGroups(doc, groups.slice(0, 1));
  if (kind === "add") addNode(doc, ["KSampler", "LatentUpscale", "Reroute"][a % 3] as string, { x: a, y: b });
  if (!first || !second) return;
  if (kind === "remove") removeNodes(doc, [first.id]);
  if (kind === "move") moveBy(doc, [first.id, second.id], { x: a, y: b });
  if (kind === "value") setValue(doc, first.id, "text", `value ${b}`);
  if (kind === "paste") pasteNodes(doc, copyNodes(doc, new Set([first.id, second.id])));
  if (kind === "disconnect") for (const link of doc.linksFrom(first.id).slice(0, 1)) disconnect(doc, link);
  if (kind === "connect") {
    const input = doc.shape(second.id)?.sockets[b % 4]?.name;
    if (input !== undefined) connect(doc, { node: first.id, output: a % 3 }, { node: second.id, input });
  }
}

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
