/** The walls of the house: an import may only point down, and the lower floors know neither page nor React. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = import.meta.dirname;
/** From top to bottom. */
const FLOORS = [
  "main.tsx",
  "app",
  "ext",
  "features",
  "actions",
  "tabs",
  "nodes",
  "canvas",
  "graph",
  "api",
  "ui",
  "lib",
];
const REACT = /^(react|react-dom|lucide-react|@tanstack\/react)/;
const BROWSER =
  /\b(document|window|HTMLElement|navigator|localStorage|sessionStorage|CanvasRenderingContext2D)\b\s*[.(:;)\]>]/;

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|\/testing\.tsx?$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));

const importsOf = (text: string) =>
  [...text.matchAll(/^\s*(?:import|export)\b[^"';]*?["']([^"']+)["']/gm)].map((m) => m[1] ?? "");
const floorOf = (file: string) => FLOORS.indexOf(file.split("/")[0] ?? "");
const within = (...floors: string[]) =>
  files.filter(({ file }) => floors.some((floor) => file.startsWith(`${floor}/`)));

describe("the layers", () => {
  it("import only downwards", () => {
    const wrong = files.flatMap(({ file, text }) =>
      importsOf(text)
        .filter((target) => target.startsWith("."))
        .map((target) => relative(ROOT, resolve(ROOT, dirname(file), target)))
        .filter((target) => !target.startsWith("..") && floorOf(target) < floorOf(file))
        .map((target) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keep React out of canvas, graph, api and lib", () => {
    const wrong = within("canvas", "graph", "api", "lib").filter(({ text }) =>
      importsOf(text).some((target) => REACT.test(target)),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it("keep the page and the canvas out of graph", () => {
    const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"|`[^`]*`/g, "");
    const wrong = within("graph", "lib").filter(({ text }) => BROWSER.test(code(text)));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it("hide the inside of a feature from other features, except what is said to be shared", () => {
    const shared = new Set(["context", "panels", "run", "settings", "usePictures"]);
    const wrong = within("features").flatMap(({ file, text }) => {
      const own = file.split("/")[1];
      return importsOf(text)
        .filter((target) => target.startsWith(".."))
        .map((target) => relative(ROOT, resolve(ROOT, dirname(file), target)).split("/"))
        .filter(([floor, feature]) => floor === "features" && feature !== own && !shared.has(feature ?? ""))
        .map((target) => `${file} -> ${target.join("/")}`);
    });
    expect(wrong).toEqual([]);
  });

  it("keep files short enough to read in one go", () => {
    const long = files
      .map(({ file, text }) => ({ file, lines: text.split("\n").length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
});
