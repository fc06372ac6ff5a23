import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillAll, fillColor, fillPolygon, invert } from "./fills";
import { History } from "./history";
import { type Color, colorInk, eraser, type Ink, maskInk } from "./inks";
import { emptySheet, type Sheet } from "./sheet";
import { type Brush, Stroke } from "./stroke";

const HARD: Brush = { radius: 3, hardness: 1, opacity: 1, ink: maskInk(255) };
const emptyMask = (w: number, h: number) => emptySheet(w, h, 1);
const at = ({ w, data }: Sheet, x: number, y: number) => data[y * w + x];
const square = (x: number, y: number, w: number, h: number) => [
  { x, y },
  { x: x + w, y },
  { x: x + w, y: y + h },
  { x, y: y + h },
];

describe("a stroke", () => {
  it("covers a disc wholly, and nothing beyond it", () => {
    const mask = emptyMask(16, 16);
    new Stroke(mask, HARD).to({ x: 8, y: 8 });
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        const distance = Math.hypot(x + 0.5 - 8, y + 0.5 - 8);
        if (distance <= 2.5) expect(at(mask, x, y)).toBe(255);
        if (distance >= 3.5) expect(at(mask, x, y)).toBe(0);
      }
    }
  });

  it("leaves no gap between the places it was seen at", () => {
    const mask = emptyMask(64, 8);
    const stroke = new Stroke(mask, HARD);
    stroke.to({ x: 2, y: 4 });
    stroke.to({ x: 62, y: 4 });
    for (let x = 2; x < 62; x++) expect(at(mask, x, 4)).toBe(255);
  });

  it("of half opacity stays at half where it passes itself, and adds up with the next one", () => {
    const mask = emptyMask(8, 8);
    const half = { ...HARD, opacity: 0.5 };
    const stroke = new Stroke(mask, half);
    for (let i = 0; i < 5; i++) stroke.to({ x: 4, y: 4 });
    expect(at(mask, 4, 4)).toBe(128);
    new Stroke(mask, half).to({ x: 4, y: 4 });
    expect(at(mask, 4, 4)).toBe(192);
  });

  it("of a soft brush falls off towards its edge", () => {
    const mask = emptyMask(32, 32);
    new Stroke(mask, { ...HARD, radius: 12, hardness: 0 }).to({ x: 16.5, y: 16.5 });
    const row = Array.from({ length: 13 }, (_, i) => at(mask, 16 + i, 16) as number);
    expect(row).toEqual([...row].sort((a, b) => b - a));
    expect(new Set(row).size).toBeGreaterThan(8);
  });

  it("outside of the picture changes nothing", () => {
    const mask = emptyMask(8, 8);
    expect(new Stroke(mask, HARD).to({ x: -20, y: 4 })).toBeNull();
    expect(mask.data.every((value) => value === 0)).toBe(true);
  });
});

it("a rectangle holds exactly the pixels whose middle is in it", () => {
  const mask = emptyMask(8, 6);
  fillPolygon(mask, square(1.4, 2, 3, 2), HARD);
  const set = [...mask.data].flatMap((value, i) => (value ? [`${i % 8},${Math.floor(i / 8)}`] : []));
  expect(set).toEqual(["1,2", "2,2", "3,2", "1,3", "2,3", "3,3"]);
});

it("a fill by colour takes what is connected and alike, and no more", () => {
  const mask = emptyMask(5, 1);
  const row = [10, 12, 90, 11, 10].flatMap((grey) => [grey, grey, grey, 255]);
  fillColor(mask, new Uint8ClampedArray(row), { x: 0.5, y: 0.5 }, 4, HARD);
  expect([...mask.data]).toEqual([255, 255, 0, 0, 0]);
});

describe("a drawing", () => {
  const pixel = (ink: Ink, before: number[], part: number) => {
    const to = new Uint8ClampedArray(before);
    ink(to, new Uint8ClampedArray(before), 0, part);
    return [...to];
  };

  it("takes a colour as it is where nothing was, however thin", () => {
    expect(pixel(colorInk([200, 100, 50]), [0, 0, 0, 0], 0.5)).toEqual([200, 100, 50, 128]);
  });

  it("lays a colour over another as pictures are laid over each other", () => {
    const channel = fc.integer({ min: 0, max: 255 });
    const color = fc.tuple(channel, channel, channel);
    fc.assert(
      fc.property(
        color,
        color,
        channel,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (top, under, alpha, part) => {
          const [r, g, b, a] = pixel(colorInk(top as Color), [...under, alpha], part) as [
            number,
            number,
            number,
            number,
          ];
          // Seen on black and on white, both ways must look the same.
          for (const paper of [0, 255]) {
            const on = (c: number, below: number, over: number) => c * over + below * (1 - over);
            [r, g, b].forEach((value, c) => {
              const expected = on(top[c] as number, on(under[c] as number, paper, alpha / 255), part);
              expect(Math.abs(on(value, paper, a / 255) - expected)).toBeLessThan(1.6);
            });
          }
        },
      ),
    );
  });

  it("keeps the colours of what is taken away by half", () => {
    expect(pixel(eraser, [10, 20, 30, 200], 0.5)).toEqual([10, 20, 30, 100]);
  });

  it("comes back in all four numbers when a stroke is undone", () => {
    const sheet = emptySheet(12, 12, 4);
    const history = new History(sheet);
    const stroke = new Stroke(sheet, { ...HARD, ink: colorInk([9, 8, 7]) });
    stroke.to({ x: 6, y: 6 });
    history.add(stroke.end() as never);
    expect([...sheet.data.subarray(4 * (6 * 12 + 6), 4 * (6 * 12 + 6) + 4)]).toEqual([9, 8, 7, 255]);
    history.undo();
    expect(sheet.data.every((value) => value === 0)).toBe(true);
  });
});

const point = fc.record({ x: fc.integer({ min: -4, max: 36 }), y: fc.integer({ min: -4, max: 28 }) });
const brush = fc.record({
  radius: fc.integer({ min: 1, max: 10 }),
  hardness: fc.double({ min: 0, max: 1, noNaN: true }),
  opacity: fc.double({ min: 0.05, max: 1, noNaN: true }),
  ink: fc.constantFrom(maskInk(0), maskInk(255)),
});
const edits = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("stroke" as const),
      points: fc.array(point, { minLength: 1, maxLength: 5 }),
      brush,
    }),
    fc.record({
      kind: fc.constant("polygon" as const),
      points: fc.array(point, { minLength: 3, maxLength: 6 }),
      brush,
    }),
    fc.record({ kind: fc.constantFrom("invert" as const, "clear" as const) }),
  ),
  { maxLength: 8 },
);

it("any edits undone give back the start, and redone the end", () => {
  fc.assert(
    fc.property(edits, (list) => {
      const mask = emptyMask(32, 24);
      const history = new History(mask);
      const start = mask.data.slice();
      for (const edit of list) {
        let patch = null;
        if (edit.kind === "stroke") {
          const stroke = new Stroke(mask, edit.brush);
          for (const place of edit.points) stroke.to(place);
          patch = stroke.end();
        } else if (edit.kind === "polygon") patch = fillPolygon(mask, edit.points, edit.brush);
        else patch = edit.kind === "invert" ? invert(mask) : fillAll(mask, maskInk(0));
        if (patch) history.add(patch);
      }
      const end = mask.data.slice();
      while (history.undo());
      expect(Buffer.from(mask.data).equals(Buffer.from(start))).toBe(true);
      while (history.redo());
      expect(Buffer.from(mask.data).equals(Buffer.from(end))).toBe(true);
    }),
  );
});
