import { describe, expect, it } from "vitest";
import { addNode } from "../graph/edit";
import { defaultDocument } from "../graph/testing";
import { Scene } from "./scene";
import { Visibility } from "./visibility";

const VIEW = { w: 1600, h: 900 };

/** Rows of nodes, 300 apart sideways and 200 down. */
function grid(columns: number, rows: number): Scene {
  const doc = defaultDocument();
  doc.load({ root: {}, records: [] });
  for (let i = 0; i < columns * rows; i++)
    addNode(doc, "VAEDecode", { x: (i % columns) * 300, y: Math.floor(i / columns) * 200 });
  return new Scene(doc);
}

describe("what is an element", () => {
  it("is what is in view and a ring around it, and stays the same on a short way", () => {
    const [scene, seen] = [grid(30, 20), new Visibility()];
    const first = seen.update(scene, { x: -3000, y: -2000, zoom: 1 }, VIEW);
    expect(first.size).toBeLessThan(80);
    expect(seen.update(scene, { x: -3100, y: -1950, zoom: 1 }, VIEW)).toBe(first);
    expect(seen.update(scene, { x: -4500, y: -2000, zoom: 1 }, VIEW)).not.toBe(first);
  });

  it("is nothing from afar, or where too much is in view to be read", () => {
    const [dense, sparse, seen] = [grid(30, 20), grid(5, 2), new Visibility()];
    expect(seen.update(dense, { x: 0, y: 0, zoom: 0.3 }, VIEW).size).toBe(0);
    expect(seen.update(dense, { x: -600, y: -400, zoom: 0.5 }, VIEW).size).toBe(0);
    expect(seen.update(dense, { x: -600, y: -400, zoom: 0.8 }, VIEW).size).toBeGreaterThan(0);
    expect(new Visibility().update(sparse, { x: 0, y: 0, zoom: 0.5 }, VIEW).size).toBe(10);
  });

  it("does not flicker between both while the view moves over an edge", () => {
    const [scene, seen] = [grid(30, 20), new Visibility()];
    const looks: boolean[] = [];
    for (let x = 600; x > -9000; x -= 40) {
      seen.update(scene, { x, y: -400, zoom: 0.62 }, VIEW);
      if (looks.at(-1) !== seen.far) looks.push(seen.far);
    }
    expect(looks.length).toBeLessThanOrEqual(3);
  });

  it("is never a node that is gone", () => {
    const [scene, seen] = [grid(4, 2), new Visibility()];
    seen.update(scene, { x: 0, y: 0, zoom: 1 }, VIEW);
    const [first] = [...scene.doc.nodes()];
    scene.doc.transact("Delete", (tx) => tx.remove(`node:${first?.id}`));
    expect(seen.update(scene, { x: 0, y: 0, zoom: 1 }, VIEW).has(first?.id ?? "")).toBe(false);
  });
});
