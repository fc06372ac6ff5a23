import { expect, it } from "vitest";
import { addNode } from "../../graph/edit";
import { defaultDocument } from "../../graph/testing";
import { sharedWidgets } from "./shared";

it("nodes share what all of them have by name and kind", () => {
  const doc = defaultDocument();
  const names = (...ids: string[]) => sharedWidgets(ids.map((id) => doc.shape(id))).map(({ name }) => name);
  const latent = addNode(doc, "EmptyLatentImage", { x: 0, y: 0 });
  expect(names("6", "7")).toEqual(["text"]);
  expect(names("5", latent)).toEqual(["width", "height", "batch_size"]);
  expect(names("5", "6")).toEqual([]);
  expect(names("8")).toEqual([]);
});
