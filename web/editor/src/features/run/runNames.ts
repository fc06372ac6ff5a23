/** What the workflow of a run was called, for as long as this browser remembers: its tab may be closed by then. */

const KEY = "easel.runNames";
const KEPT = 1000;

/** As it was read the last time; other windows write it too. */
let known = { text: "", names: new Map<string, string>() };

export function rememberName(promptId: string, name: string): void {
  const names = [...stored().set(promptId, name)].slice(-KEPT);
  globalThis.localStorage?.setItem(KEY, JSON.stringify(names));
}

export function nameOfRun(promptId: string): string | null {
  return stored().get(promptId) ?? null;
}

function stored(): Map<string, string> {
  const text = globalThis.localStorage?.getItem(KEY) ?? "";
  if (text !== known.text) known = { text, names: read(text) };
  return known.names;
}

function read(text: string): Map<string, string> {
  try {
    const list: unknown = JSON.parse(text);
    return new Map(Array.isArray(list) ? list.filter((one) => Array.isArray(one) && one.length === 2) : []);
  } catch {
    return new Map();
  }
}
