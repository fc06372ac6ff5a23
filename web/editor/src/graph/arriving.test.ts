import { describe, expect, it } from "vitest";
import { arriving } from "./arriving";
import type { GraphDocument } from "./document";
import { addNode, connect, setValue } from "./edit";
import { promote } from "./promoting";
import { convertToSubgraph } from "./subgraphs";
import { defaultDocument } from "./testing";
import { PRIMITIVE } from "./virtualNodes";

const at = { x: 0, y: 0 };
const feed = (doc: GraphDocument, from: string, to: string, input: string) =>
  expect(connect(doc, { node: from, output: 0 }, { node: to, input })).toBe(true);

describe("what arrives at a widget", () => {
  it("is nothing without a link", () => {
    expect(arriving(defaultDocument(), "3", "steps")).toBeNull();
  });

  it("is the value of a primitive", () => {
    const doc = defaultDocument();
    const node = addNode(doc, PRIMITIVE, at) ?? "";
    feed(doc, node, "3", "steps");
    setValue(doc, node, "value", 7);
    expect(arriving(doc, "3", "steps")).toEqual({ value: 7 });
  });

  it("is known by the node that will make it where only a run can tell", () => {
    const doc = defaultDocument();
    const [first = "", second = ""] = [1, 2].map(() => addNode(doc, "PrimitiveInt", at) ?? "");
    feed(doc, second, "3", "steps");
    setValue(doc, second, "value", 7);
    expect(arriving(doc, "3", "steps")).toEqual({ value: 7 });
    feed(doc, first, second, "value");
    expect(arriving(doc, "3", "steps")).toEqual({ from: doc.shape(second)?.title });
  });

  it("is, inside a subgraph, what the instance holds that was opened", () => {
    const doc = defaultDocument();
    const id = convertToSubgraph(doc, { nodes: new Set(["3", "6", "7"]) }) ?? "";
    doc.goTo([id]);
    const sampler = [...doc.nodes()].find(({ type }) => type === "KSampler")?.id ?? "";
    promote(doc, sampler, "steps");
    expect(arriving(doc, sampler, "steps")).toEqual({ value: 20 });
    doc.goTo([]);
    setValue(doc, id, "steps", 9);
    doc.goTo([id]);
    expect(arriving(doc, sampler, "steps")).toEqual({ value: 9 });
  });
});
