import { describe, expect, it } from "vitest";
import { readExtra } from "../../graph/extra";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import { defaultDocument, openDocument } from "../../graph/testing";
import { fieldsOf, moveField, outputsOf, readForm, toggleField, toggleOutput, writeForm } from "./form";

const STEPS = { node: "3", widget: "steps" };
const SEED = { node: "3", widget: "seed" };

describe("the form of a workflow", () => {
  it("is in its file, and tells that there is something to save", () => {
    const doc = defaultDocument();
    let told = 0;
    doc.store.historyChanged.on(() => told++);
    writeForm(doc, toggleOutput(moveField(toggleField(toggleField(readForm(doc), STEPS), SEED), 1, -1), "9"));
    expect(told).toBe(1);
    const again = openDocument(writeWorkflow(doc));
    expect(readForm(again)).toEqual({ inputs: [SEED, STEPS], outputs: ["9"] });
    expect(readExtra(again, "linearData")).toEqual({
      inputs: [
        [3, "seed"],
        [3, "steps"],
      ],
      outputs: [9],
    });
  });

  it("shows what is still there, and all results until some are chosen", () => {
    const doc = defaultDocument();
    const form = {
      inputs: [STEPS, { node: "99", widget: "x" }, { node: "3", widget: "gone" }],
      outputs: ["99"],
    };
    expect(fieldsOf(doc, form).map(({ shape }) => shape.name)).toEqual(["steps"]);
    expect(outputsOf(doc, form)).toEqual(["9"]);
    expect(toggleField(form, STEPS).inputs).toHaveLength(2);
  });
});
