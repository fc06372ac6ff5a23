import { describe, expect, it } from "vitest";
import { layOutNode, NO_EXTRAS } from "../canvas/nodeLayout";
import { PLAIN } from "./decoration";
import { toApiPrompt } from "./formats/apiPrompt";
import { writeWorkflow } from "./formats/writeWorkflow";
import { defaultDocument } from "./testing";

const BOX = { kind: "custom", default: null, view: "box", height: 60, grows: false } as const;
const box = { name: "box", label: "Box", spec: BOX, sent: true, saved: true };

function heightOf(doc: ReturnType<typeof defaultDocument>, id: string): number {
  const [node, shape] = [doc.node(id), doc.shape(id)];
  if (!node || !shape) throw new Error("no such node");
  return layOutNode({ ...node, size: { w: 200, h: 0 } }, shape, NO_EXTRAS).h;
}

describe("what a pack adds to a node", () => {
  it("is shown, sent and saved behind the definition's own, and is no step of undo", () => {
    const doc = defaultDocument();
    const before = heightOf(doc, "5");
    doc.decorate("5", { ...PLAIN, added: [box] });
    doc.store.applyOutsideHistory((tx) => {
      const node = doc.node("5");
      if (node) tx.put({ ...node, values: { ...node.values, box: "inside" } });
    });
    expect(heightOf(doc, "5") - before).toBe(64);
    expect(toApiPrompt(doc)["5"]?.inputs).toMatchObject({ width: 128, box: "inside" });
    const file = writeWorkflow(doc).nodes as { id: number; widgets_values: unknown[] }[];
    expect(file.find(({ id }) => id === 5)?.widgets_values).toEqual([128, 128, 1, "inside"]);
    expect(doc.store.history.canUndo).toBe(false);
  });

  it("hides widgets without losing their values, and goes when it is taken away", () => {
    const doc = defaultDocument();
    const before = heightOf(doc, "5");
    doc.decorate("5", { ...PLAIN, hidden: new Set(["width"]) });
    expect(before - heightOf(doc, "5")).toBe(28);
    expect(toApiPrompt(doc)["5"]?.inputs.width).toBe(128);
    doc.decorate("5", null);
    expect(heightOf(doc, "5")).toBe(before);
  });
});
