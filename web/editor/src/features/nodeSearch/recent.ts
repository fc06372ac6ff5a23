/** The classes that were added last, in this browser: who builds needs the same few again and again. */

const KEY = "easel.recentNodes";
const MOST = 24;

/** The last one first. */
export function recentTypes(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((type) => typeof type === "string") : [];
  } catch {
    return [];
  }
}

export function rememberType(type: string): void {
  const types = [type, ...recentTypes().filter((other) => other !== type)].slice(0, MOST);
  localStorage.setItem(KEY, JSON.stringify(types));
}
