import { describe, expect, it } from "vitest";
import { addNode, setValue } from "../../graph/edit";
import { readWorkflow } from "../../graph/formats/readWorkflow";
import { defaultDocument, defs } from "../../graph/testing";
import { findMissing, takeInstead } from "./find";

describe("what a workflow needs that is not here", () => {
  it("is nothing for the workflow of the first run", () => {
    expect(findMissing(defaultDocument())).toEqual({ classes: [], models: [] });
  });

  it("names a class once, with its nodes and the pack the file speaks of", () => {
    const doc = defaultDocument();
    const node = (id: number) => ({
      id,
      type: "Strange",
      properties: { cnr_id: "strange-pack" },
      inputs: [],
      outputs: [],
    });
    doc.load(readWorkflow({ nodes: [node(1), node(2)], links: [] }, defs));
    expect(findMissing(doc).classes).toEqual([{ type: "Strange", pack: "strange-pack", nodes: ["1", "2"] }]);
  });

  it("names a model's folder, and the same file by another path, which one click takes", () => {
    const doc = defaultDocument();
    const options = doc.shape("4")?.widgets.find(({ name }) => name === "ckpt_name")?.spec;
    if (options?.kind !== "combo") throw new Error("a list of checkpoints was expected");
    const here = String(options.options[0]);
    setValue(doc, "4", "ckpt_name", `sd15\\${here}`);
    const [missing] = findMissing(doc).models;
    expect(missing).toMatchObject({ node: "4", folder: "checkpoints", instead: here });
    if (missing) takeInstead(doc, missing);
    expect(findMissing(doc).models).toEqual([]);
  });

  it("never speaks of values that are no files of models", () => {
    const doc = defaultDocument();
    setValue(doc, "3", "sampler_name", "gone");
    addNode(doc, "Note", { x: 0, y: 0 });
    expect(findMissing(doc)).toEqual({ classes: [], models: [] });
  });
});
