import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intersects, type Rect } from "../lib/geometry";
import { align, distribute, type Frames, layOut, type Shifts } from "./arrange";

const rects = fc.array(
  fc.record({
    x: fc.integer({ min: -900, max: 900 }),
    y: fc.integer({ min: -900, max: 900 }),
    w: fc.integer({ min: 80, max: 400 }),
    h: fc.integer({ min: 28, max: 500 }),
  }),
  { minLength: 2, maxLength: 14 },
);
const named = (list: readonly Rect[]): Frames => new Map(list.map((rect, i) => [String(i), rect]));
const moved = (frames: Frames, by: Shifts) =>
  new Map(
    [...frames].map(([id, r]) => [
      id,
      { ...r, x: r.x + (by.get(id)?.x ?? 0), y: r.y + (by.get(id)?.y ?? 0) },
    ]),
  );

describe("lining up", () => {
  it("brings one edge of all to the outermost, and moves nothing the other way", () => {
    fc.assert(
      fc.property(rects, (list) => {
        const frames = named(list);
        const left = [...moved(frames, align(frames, "left")).values()];
        expect(new Set(left.map((r) => r.x))).toEqual(new Set([Math.min(...list.map((r) => r.x))]));
        expect(left.map((r) => r.y)).toEqual(list.map((r) => r.y));
        const bottom = [...moved(frames, align(frames, "bottom")).values()];
        expect(new Set(bottom.map((r) => r.y + r.h)).size).toBe(1);
      }),
    );
  });

  it("spreads out with equal gaps between the outermost two, which stay", () => {
    const frames = named([0, 50, 60, 400].map((x) => ({ x, y: x, w: 40, h: 20 })));
    const xs = [...moved(frames, distribute(frames, "x")).values()].map((r) => r.x);
    expect(xs[0]).toBe(0);
    expect(xs[3]).toBe(400);
    expect([xs[1], xs[2]].map((x) => Math.round((x as number) / 10))).toEqual([13, 27]);
  });
});

const graphs = rects.chain((list) =>
  fc.record({
    list: fc.constant(list),
    links: fc.array(fc.tuple(fc.nat(list.length - 1), fc.nat(list.length - 1)), { maxLength: 24 }),
  }),
);

describe("laying out", () => {
  it("puts what feeds to the left of what it feeds, and nothing on anything else", () => {
    fc.assert(
      fc.property(graphs, ({ list, links }) => {
        const frames = named(list);
        const forward = links.filter(([a, b]) => a < b).map(([a, b]) => [String(a), String(b)] as const);
        const after = moved(frames, layOut(frames, forward));
        for (const [from, to] of forward) {
          const [a, b] = [after.get(from) as Rect, after.get(to) as Rect];
          expect(a.x + a.w).toBeLessThan(b.x);
        }
        const all = [...after.values()];
        for (const [i, a] of all.entries())
          for (const b of all.slice(i + 1)) expect(intersects(a, b)).toBe(false);
      }),
    );
  });

  it("ends for links that go round", () => {
    const frames = named([0, 10, 20].map((x) => ({ x, y: 0, w: 40, h: 20 })));
    const round = [
      ["0", "1"],
      ["1", "2"],
      ["2", "0"],
    ] as const;
    expect(() => layOut(frames, round)).not.toThrow();
  });
});
