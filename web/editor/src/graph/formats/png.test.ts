import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readPngText } from "./png";

const bytes = (text: string) => [...new TextEncoder().encode(text)];

function png(...chunks: [string, number[]][]): ArrayBuffer {
  const out = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  for (const [type, data] of chunks) {
    const length = data.length;
    out.push(
      length >>> 24,
      (length >> 16) & 255,
      (length >> 8) & 255,
      length & 255,
      ...bytes(type),
      ...data,
      0,
      0,
      0,
      0,
    );
  }
  return new Uint8Array(out).buffer;
}

describe("text in PNG files", () => {
  it("is read from all three kinds of chunk", async () => {
    const packed = [...deflateSync(Buffer.from('{"nodes":["é"]}'))];
    const file = png(
      ["IHDR", [0, 0]],
      ["tEXt", [...bytes("prompt"), 0, ...bytes('{"3":{}}')]],
      ["iTXt", [...bytes("workflow"), 0, 1, 0, 0, 0, ...packed]],
      ["zTXt", [...bytes("note"), 0, 0, ...deflateSync(Buffer.from("hi"))]],
      ["IEND", []],
      ["tEXt", [...bytes("late"), 0, 1]],
    );
    expect(Object.fromEntries(await readPngText(file))).toEqual({
      prompt: '{"3":{}}',
      workflow: '{"nodes":["é"]}',
      note: "hi",
    });
  });

  it("is empty for other files and for files cut short", async () => {
    expect((await readPngText(new ArrayBuffer(0))).size).toBe(0);
    expect((await readPngText(new TextEncoder().encode('{"a":1}').buffer as ArrayBuffer)).size).toBe(0);
    expect((await readPngText(png(["tEXt", bytes("workflow")]).slice(0, 20))).size).toBe(0);
  });
});
