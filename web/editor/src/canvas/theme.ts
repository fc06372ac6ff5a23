/** The colours that the painters need, read once from the style sheet of the page. */
import { typeVariable } from "./typeColors";

export interface Theme {
  readonly node: string;
  readonly field: string;
  readonly nodeBorder: string;
  readonly text: string;
  readonly textQuiet: string;
  readonly accent: string;
  readonly error: string;
  readonly group: string;
  readonly font: string;
  typeColor(type: string): string;
}

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const cache = new Map<string, string>();
  const read = (name: string) => {
    const known = cache.get(name);
    if (known !== undefined) return known;
    const value = style.getPropertyValue(name).trim() || "#888888";
    cache.set(name, value);
    return value;
  };
  return {
    node: read("--node"),
    field: read("--field"),
    nodeBorder: read("--border-strong"),
    text: read("--text"),
    textQuiet: read("--text-quiet"),
    accent: read("--accent"),
    error: read("--error"),
    group: read("--raised"),
    font: style.fontFamily || "sans-serif",
    typeColor: (type) => read(typeVariable(type)),
  };
}
