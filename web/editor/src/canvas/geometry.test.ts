import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNode } from "../graph/edit";
import { defaultDocument } from "../graph/testing";
import { intersects, type Rect } from "../lib/geometry";
import { firstView, fitRect, MAX_ZOOM, reveal, toScreen, toWorld, zoomAt } from "./camera";
import { curveBetween, distanceTo, pointOn } from "./curve";
import { hitTest } from "./hitTest";
import { neighbour } from "./keyboardNav";
import { NO_EXTRAS } from "./nodeLayout";
import { Scene } from "./scene";
import { SpatialIndex } from "./spatialIndex";

const camera = fc.record({
  x: fc.integer(),
  y: fc.integer(),
  zoom: fc.double({ min: 0.05, max: 4, noNaN: true }),
});
const point = fc.record({
  x: fc.integer({ min: -5000, max: 5000 }),
  y: fc.integer({ min: -5000, max: 5000 }),
});

describe("the camera", () => {
  it("leaves what is under the pointer there when it zooms", () => {
    fc.assert(
      fc.property(camera, point, fc.double({ min: 0.2, max: 5, noNaN: true }), (before, at, factor) => {
        const after = zoomAt(before, at, factor);
        const back = toScreen(after, toWorld(before, at));
        expect(back.x).toBeCloseTo(at.x, 2);
        expect(back.y).toBeCloseTo(at.y, 2);
      }),
    );
  });

  it("stops at its limits", () => {
    expect(zoomAt({ x: 0, y: 0, zoom: 3 }, { x: 0, y: 0 }, 10).zoom).toBe(MAX_ZOOM);
  });

  it("fits a rectangle into the middle", () => {
    const fitted = fitRect({ x: 0, y: 0, w: 2000, h: 500 }, { w: 1000, h: 800 }, 0);
    expect(fitted).toEqual({ zoom: 0.5, x: 0, y: 275 });
  });

  it("shows a graph first as a whole, but on a narrow canvas from its beginning at a size to be read", () => {
    const [wide, narrow] = [
      { w: 1000, h: 800 },
      { w: 350, h: 780 },
    ];
    const graph = { x: 100, y: 50, w: 2000, h: 500 };
    expect(firstView(graph, wide)).toEqual(fitRect(graph, wide));
    expect(firstView(graph, narrow)).toEqual({ zoom: 0.8, x: 16 - 80, y: 390 - 0.8 * 300 });
    expect(firstView({ ...graph, h: 5000 }, narrow)).toEqual({ zoom: 0.8, x: 16 - 80, y: 16 - 40 });
    const small = { x: 0, y: 0, w: 200, h: 100 };
    expect(firstView(small, narrow)).toEqual(fitRect(small, narrow));
  });

  it("moves only as far as needed to show something", () => {
    const here = { x: 0, y: 0, zoom: 1 };
    expect(reveal(here, { x: 100, y: 100, w: 50, h: 50 }, { w: 500, h: 500 })).toEqual(here);
    expect(reveal(here, { x: 600, y: 100, w: 50, h: 50 }, { w: 500, h: 500 }).x).toBe(500 - 24 - 650);
  });
});

describe("the spatial index", () => {
  const rect: fc.Arbitrary<Rect> = fc.record({
    x: fc.integer({ min: -3000, max: 3000 }),
    y: fc.integer({ min: -3000, max: 3000 }),
    w: fc.oneof(fc.nat(400), fc.nat(20000)),
    h: fc.nat(3000),
  });

  it("finds exactly what a look at every rectangle finds", () => {
    fc.assert(
      fc.property(
        fc.array(rect, { maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(39), rect)),
        rect,
        (rects, moves, area) => {
          const index = new SpatialIndex<number>();
          const truth = new Map(rects.map((r, i) => [i, r]));
          for (const [i, r] of truth) index.set(i, r);
          for (const [i, r] of moves) {
            if (!truth.has(i)) continue;
            truth.set(i, r);
            index.set(i, r);
          }
          const expected = [...truth].filter(([, r]) => intersects(r, area)).map(([i]) => i);
          expect([...index.query(area)].sort((a, b) => a - b)).toEqual(expected);
        },
      ),
    );
  });
});

describe("curves", () => {
  it("begin and end at their slots", () => {
    const curve = curveBetween({ x: 0, y: 0 }, { x: 100, y: 50 });
    expect(pointOn(curve, 0)).toEqual({ x: 0, y: 0 });
    expect(pointOn(curve, 1)).toEqual({ x: 100, y: 50 });
    expect(distanceTo(curve, pointOn(curve, 0.37))).toBeLessThan(0.5);
    expect(distanceTo(curve, { x: 50, y: 100 })).toBeGreaterThan(40);
  });
});

describe("the scene", () => {
  it("follows the document: what is added can be hit, what is deleted cannot", () => {
    const doc = defaultDocument();
    const scene = new Scene(doc);
    const id = addNode(doc, "LatentUpscale", { x: 3000, y: 3000 });
    expect(hitTest(scene, { x: 3050, y: 2990 }, 1)).toEqual({ kind: "node", node: id });
    doc.store.undo();
    expect(hitTest(scene, { x: 3050, y: 2990 }, 1)).toEqual({ kind: "empty" });
  });

  it("hits slots before nodes and links where there is no node", () => {
    const scene = new Scene(defaultDocument());
    const slot = scene.inputPoint("3", "model");
    expect(slot && hitTest(scene, { x: slot.x - 9, y: slot.y }, 1)).toMatchObject({
      kind: "input",
      ref: { input: "model" },
    });
    const link = scene.doc.linkInto("9", "images");
    const curve = link && scene.way(link)?.[0];
    expect(curve && hitTest(scene, pointOn(curve, 0.5), 1)).toEqual({ kind: "link", link, at: 0 });
  });

  it("makes room for a picture and for an error, and takes it back", () => {
    const scene = new Scene(defaultDocument());
    const before = scene.frame("3")?.h ?? 0;
    scene.setExtras("3", { previewAspect: 1, playerHeight: 0, note: false, error: false });
    expect(scene.frame("3")?.h).toBe(before - 4 + 300);
    scene.setExtras("3", { previewAspect: null, playerHeight: 0, note: false, error: true });
    expect(scene.layout("3")?.error).not.toBeNull();
    scene.setExtras("3", NO_EXTRAS);
    expect(scene.frame("3")?.h).toBe(before);
  });

  it("puts what a node says into a line at its bottom, above what went wrong", () => {
    const scene = new Scene(defaultDocument());
    const before = scene.frame("3")?.h ?? 0;
    scene.setExtras("3", { previewAspect: null, playerHeight: 0, note: true, error: true });
    const { note, error, h } = scene.layout("3") ?? {};
    expect(note && error && [note.y + note.h, error.y + error.h]).toEqual([error?.y, h]);
    scene.setExtras("3", { previewAspect: null, playerHeight: 0, note: true, error: false });
    expect(scene.frame("3")?.h).toBe(before + 28);
  });

  it("keeps room for the result of a node that saves pictures", () => {
    expect(new Scene(defaultDocument()).layout("9")?.preview).toEqual({ y: 60, h: 380 });
  });

  it("gives the same layout object while nothing in it changed", () => {
    const doc = defaultDocument();
    const scene = new Scene(doc);
    const before = scene.layout("3");
    doc.transact("move", (tx) => {
      const node = doc.node("3");
      if (node) tx.put({ ...node, pos: { x: 0, y: 0 } });
    });
    expect(scene.layout("3")).toBe(before);
    expect(scene.frame("3")?.x).toBe(0);
  });
});

describe("arrow keys", () => {
  it("follow links sideways and the eye up and down", () => {
    const doc = defaultDocument();
    const scene = new Scene(doc);
    expect(neighbour(doc, scene, "8", "right")).toBe("9");
    expect(neighbour(doc, scene, "9", "left")).toBe("8");
    expect(neighbour(doc, scene, "6", "down")).toBe("7");
    expect(neighbour(doc, scene, "7", "up")).toBe("6");
  });
});
