import { describe, expect, it } from "vitest";
import { defaultDocument, defs } from "../../graph/testing";
import { fuzzySearch } from "../../lib/fuzzy";
import { addLinked, allDefs, fittingDefs } from "./matching";

describe("finding a node", () => {
  const titles = allDefs(defs).map((def) => `${def.title} ${def.type} ${def.aliases.join(" ")}`);
  const find = (query: string) => fuzzySearch(titles, query).map((i) => titles[i]?.split(" ")[0]);

  it("forgives order, case and a forgotten letter", () => {
    expect(find("sampler")[0]).toBe("KSampler");
    expect(find("image save")[0]).toBe("Save");
    expect(find("chekpoint")[0]).toBe("Load");
    expect(find("prompt")).toContain("CLIP");
    expect(find("zzz")).toEqual([]);
  });

  it("offers what takes a type, exact ones first", () => {
    const end = { kind: "output", ref: { node: "8", output: 0 }, type: "IMAGE" } as const;
    const types = fittingDefs(allDefs(defs), end).map((def) => def.type);
    expect(types).toContain("SaveImage");
    expect(types).not.toContain("VAEDecode");
    expect(types.indexOf("SaveImage")).toBeLessThan(types.indexOf("ResizeImage"));
  });

  it("adds the node linked, as one step", () => {
    const doc = defaultDocument();
    const end = { kind: "input", ref: { node: "3", input: "latent_image" }, type: "LATENT" } as const;
    const id = addLinked(doc, "EmptyLatentImage", { x: 0, y: 0 }, end);
    expect(doc.linkInto("3", "latent_image")?.from).toBe(id);
    doc.store.undo();
    expect(doc.node(id)).toBeUndefined();
    expect(doc.linkInto("3", "latent_image")?.from).toBe("5");
  });
});
