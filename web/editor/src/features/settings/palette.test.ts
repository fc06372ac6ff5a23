import { describe, expect, it } from "vitest";
import { FakeServer } from "../../api/fake/FakeServer";
import { loadPalette, readPalette, savePalette } from "./palette";

class Style extends Map<string, string> {
  setProperty = (name: string, value: string) => void this.set(name, value);
  removeProperty = (name: string) => String(this.delete(name));
}

const style = () => new Style() as unknown as CSSStyleDeclaration & Style;

describe("a palette", () => {
  it("is kept as it was written, applied, and taken back as a whole", async () => {
    const [api, shown] = [new FakeServer({ objectInfo: {} }), style()];
    const text = '{ "--accent": "#4aa3ff", "--node": "rgb(20 20 30)" }';
    await savePalette(api, text, shown);
    expect([...shown]).toEqual([
      ["--accent", "#4aa3ff"],
      ["--node", "rgb(20 20 30)"],
    ]);
    expect(await loadPalette(api, shown)).toBe(text);
    await savePalette(api, "", shown);
    expect(shown.size).toBe(0);
  });

  it.each([
    ["[]", "is an object"],
    ['{"color": "red"}', "begins with --"],
    ['{"--accent": 3}', "no value"],
    ['{"--accent": "red; } body { display: none"}', "no value"],
  ])("says what is wrong with %s", (text, words) => {
    expect(() => readPalette(text)).toThrow(words);
  });
});
