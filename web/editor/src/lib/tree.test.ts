import { expect, it } from "vitest";
import { branches } from "./tree";

const files = ["b.txt", "x/10.txt", "x/9.txt", "x/y/deep.txt", "a/one.txt"];
const place = (file: string) => {
  const at = file.lastIndexOf("/");
  return { folder: file.slice(0, Math.max(0, at)), name: file.slice(at + 1) };
};

it("shows folders first, in the order of names and numbers, with how much is in them", () => {
  const rows = branches(files, place, (path) => path === "x");
  expect(rows.map(({ path, depth, count, item }) => [path, depth, count, item !== null])).toEqual([
    ["a", 0, 1, false],
    ["x", 0, 3, false],
    ["x/y", 1, 1, false],
    ["x/9.txt", 1, 1, true],
    ["x/10.txt", 1, 1, true],
    ["b.txt", 0, 1, true],
  ]);
});
