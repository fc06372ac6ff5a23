import { describe, expect, it } from "vitest";
import { addNode } from "../../graph/edit";
import { toApiPrompt } from "../../graph/formats/apiPrompt";
import { defaultDocument } from "../../graph/testing";
import { dependingOn, SILENT, upTo } from "./partial";

function make() {
  const doc = defaultDocument();
  return { doc, prompt: toApiPrompt(doc) };
}

describe("a part of a workflow", () => {
  it("up to an output is that output, with nothing added", () => {
    const { doc, prompt } = make();
    expect(upTo(doc, prompt, ["9"])).toEqual({ prompt, targets: ["9"] });
  });

  it("up to a node that is no output gets one that shows what it made, under the node's own id", () => {
    const { doc, prompt } = make();
    const part = upTo(doc, prompt, ["3"]);
    expect(part.targets).toEqual([`3${SILENT}`]);
    expect(part.prompt[`3${SILENT}`]).toMatchObject({
      class_type: "PreviewAny",
      inputs: { source: ["3", 0] },
    });
    expect(Object.keys(prompt)).not.toContain(`3${SILENT}`);
  });

  it("from a node on is the outputs that it leads to", () => {
    const { doc, prompt } = make();
    expect(dependingOn(doc, prompt, ["5"]).targets).toEqual(["9"]);
    const alone = addNode(doc, "EmptyLatentImage", { x: 0, y: 0 });
    expect(dependingOn(doc, toApiPrompt(doc), [alone]).targets).toEqual([]);
  });

  it("is nothing where a node is muted or not sent at all", () => {
    const { doc } = make();
    const note = addNode(doc, "Note", { x: 0, y: 0 });
    expect(upTo(doc, toApiPrompt(doc), [note]).targets).toEqual([]);
  });
});
