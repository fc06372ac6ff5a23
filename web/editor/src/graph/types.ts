/** When may an output feed an input? Types are free-form names; `*` is any, `A,B` is either. */

export const ANY = "*";

export function members(type: string): string[] {
  return type.split(",").map((part) => part.trim().toUpperCase());
}

export function isAny(type: string): boolean {
  return type === "" || type === "0" || type === "COMFY_MATCHTYPE_V3" || members(type).includes(ANY);
}

export function compatible(output: string, input: string): boolean {
  if (isAny(output) || isAny(input)) return true;
  const wanted = new Set(members(input));
  return members(output).some((part) => wanted.has(part));
}
