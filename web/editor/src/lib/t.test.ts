import { afterEach, describe, expect, it } from "vitest";
import { formatBytes, formatSeconds } from "./format";
import { languageFor, localeFor } from "./languages";
import { speak, t } from "./t";

afterEach(() => speak("en", {}));

const NODES = "{count} {count|node|nodes}";
const nodes = (count: number) => t(NODES, { count });

describe("words", () => {
  it("have values in their places, and keep a place that nobody fills", () => {
    expect(t("{name} of {name} in {place}", { name: "a" })).toBe("a of a in {place}");
  });

  it("take the form that goes with a number, in each language by its own rules", () => {
    expect([0, 1, 2].map(nodes)).toEqual(["0 nodes", "1 node", "2 nodes"]);
    speak("ru", { [NODES]: "{count} {count|узел|узла|узлов}" });
    expect([1, 2, 5, 11, 21, 104].map(nodes).join()).toBe("1 узел,2 узла,5 узлов,11 узлов,21 узел,104 узла");
    speak("fr", { [NODES]: "{count} {count|nœud|nœuds}" });
    expect([0, 1, 2, 1_000_000].map(nodes).join()).toBe("0 nœud,1 nœud,2 nœuds,1000000 nœuds");
    speak("ja", { [NODES]: "{count} 個" });
    expect(nodes(1)).toBe("1 個");
  });

  it("are English, with English forms, where nobody has translated them", () => {
    speak("ja", {});
    expect([1, 2].map(nodes)).toEqual(["1 node", "2 nodes"]);
  });
});

describe("numbers", () => {
  it("are written as the language does it", () => {
    expect([1.8, 0.25, 64].map(formatSeconds)).toEqual(["1.8 s", "0.25 s", "1 min 4 s"]);
    expect([512, 2_000_000_000].map(formatBytes)).toEqual(["512 B", "2.0 GB"]);
    speak("fr", { "{seconds} s": "{seconds} s" });
    expect(formatSeconds(1.8)).toBe("1,8 s");
    expect(formatBytes(2_000_000_000).replace(/\s/u, " ")).toBe("2,0 Go");
  });
});

describe("the language", () => {
  it("is the one that is set, with the region of the person, else the first of theirs that there is", () => {
    expect(localeFor("de", ["en-US", "de-AT"])).toBe("de-AT");
    expect(localeFor("de", ["en-US"])).toBe("de");
    expect(localeFor("system", ["eo", "pt-PT", "en"])).toBe("pt-PT");
    expect(localeFor("system", ["eo"])).toBe("en");
  });

  it("serves every region", () => {
    expect(["pt-PT", "zh-Hant-TW", "en-GB", "eo"].map(languageFor)).toEqual(["pt-BR", "zh", "en", undefined]);
  });
});
