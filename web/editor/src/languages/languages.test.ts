import { describe, expect, it } from "vitest";
import { wordsOfThePage } from "./testing";

const words = wordsOfThePage();
/** An input of the notes, and the node that shows a result that nothing else shows: names, which no language changes. */
const NAMES = ['graph/virtualNodes.ts: "text"', 'features/run/partial.ts: "Shown"'];

describe("the words of the page", () => {
  it("all go through t()", () => {
    expect(words.past.filter((text) => !NAMES.includes(text))).toEqual([]);
  });

  it("are written out where t() is called, and asked for when they are shown", () => {
    expect(words.wrong).toEqual([]);
  });
});
