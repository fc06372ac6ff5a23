/** What is said in one language is said in all of them, and every word of the page can be said. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../lib/languages";
import { wordsOfThePage } from "./testing";

const { said, past, wrong } = wordsOfThePage();
/** An input of the notes, and the node that shows a result that nothing else shows: names, which no language changes. */
const NAMES = ['graph/virtualNodes.ts: "text"', 'features/run/partial.ts: "Shown"'];

const placesOf = (text: string) => [...new Set(text.match(/\{\w+/g))].sort().join();
const formsOf = (text: string) =>
  [...text.matchAll(/\{\w+((?:\|[^{}|]*)+)\}/g)].map(([, forms]) => forms?.split("|").slice(1) ?? []);

describe("the words of the page", () => {
  it("all go through t()", () => {
    expect(past.filter((text) => !NAMES.includes(text))).toEqual([]);
  });

  it("are written out where t() is called, and asked for when they are shown", () => {
    expect(wrong).toEqual([]);
  });
});

describe.each(LANGUAGES.filter(([tag]) => tag !== "en"))("%s", (tag) => {
  const words: Record<string, string> = JSON.parse(
    readFileSync(join(import.meta.dirname, `${tag}.json`), "utf8"),
  );

  it("has every word, in the order of the alphabet, and none that nobody says", () => {
    expect(Object.keys(words)).toEqual([...said].sort());
  });

  it("has the same places for values in each", () => {
    const differing = Object.entries(words).filter(([english, own]) => placesOf(english) !== placesOf(own));
    expect(differing).toEqual([]);
  });

  it("has no more forms for numbers than it knows", () => {
    const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
    const toomany = Object.values(words).filter((own) =>
      formsOf(own).some(({ length }) => length > pluralCategories.length),
    );
    expect(toomany).toEqual([]);
  });
});
