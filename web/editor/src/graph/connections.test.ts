import { expect, it } from "vitest";
import { possibleConnections } from "./connections";
import { addNode, canConnect, connect } from "./edit";
import { defaultDocument } from "./testing";

it("offers exactly the links that can be made, and the missing ones first", () => {
  const doc = defaultDocument();
  const id = addNode(doc, "VAEDecode", { x: 0, y: 0 });
  const offered = possibleConnections(doc, id);
  expect(offered.every(({ from, to }) => canConnect(doc, from, to))).toBe(true);
  expect(offered.slice(0, 3).map(({ own, other }) => `${own} ← ${other}`)).toEqual([
    "vae ← Load Checkpoint · VAE",
    "samples ← EmptyLatentImage · LATENT",
    "samples ← KSampler · LATENT",
  ]);
  expect(offered.filter((one) => !one.incoming).map((one) => one.other)).toContain("Save Image · images");
});

it("offers nothing that would go round", () => {
  const doc = defaultDocument();
  const id = addNode(doc, "LatentUpscale", { x: 0, y: 0 });
  connect(doc, { node: "3", output: 0 }, { node: id, input: "samples" });
  expect(possibleConnections(doc, id).some(({ to }) => to.node === "3")).toBe(false);
});
