import { describe, expect, it } from "vitest";
import { nameOf, pathOf } from "../../actions/save";
import { foldersOf } from "./tree";

const file = (path: string) => ({ path, size: 1, modified: 0 });
const shown = (paths: string[], query = "") =>
  foldersOf(paths.map(file), query).map(({ name, files }) => [name, ...files.map(({ path }) => path)]);

describe("the library", () => {
  it("lists workflows by folder and in the order of their numbers, and nothing else", () => {
    expect(shown(["b/10.json", "b/9.json", "z.json", "a/x.json", "notes.txt", ".index.json"])).toEqual([
      ["", "z.json"],
      ["a", "a/x.json"],
      ["b", "b/9.json", "b/10.json"],
    ]);
  });

  it("finds by any part of folder and name", () => {
    expect(shown(["portraits/study.json", "land.json"], "port")).toEqual([
      ["portraits", "portraits/study.json"],
    ]);
    expect(shown(["portraits/study.json", "land.json"], "nothing like it")).toEqual([]);
  });
});

describe("names of workflows", () => {
  it("may have folders, and never lead out of theirs", () => {
    expect(pathOf(" portraits / study ")).toBe("workflows/portraits/study.json");
    expect(nameOf("workflows/portraits/study.json")).toBe("portraits/study");
    for (const wrong of ["", " ", "a//b", "../a", "a/..", "a:b", "/a", "a\\b"])
      expect(pathOf(wrong)).toBeNull();
  });
});
