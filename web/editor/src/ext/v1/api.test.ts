/** The promise to packs: what version 1 was is what it is. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
/** Without imports, comments and layout. */
const declarations = (text: string) =>
  text
    .replace(/^import .*$/gm, "")
    .replace(/\/\*\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .trim();

describe("version 1 of the API", () => {
  it("is told to editors as it is", () => {
    const told = declarations(read("../../../public/ext/v1.d.ts"));
    const own = declarations(read("./types.ts"));
    expect(told.slice(told.indexOf("export interface NodeView"))).toBe(
      `${own} export const version: 1; export function defineExtension(extension: Extension): Extension;`,
    );
  });

  it("exports what it always has", () => {
    expect(read("../../../public/ext/v1.js")).toContain("export const { version, defineExtension }");
  });
});
