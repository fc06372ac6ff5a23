/** Starting without the scripts of packs: all of them for once, or some for good. */
import type { Api } from "../../api/http";
import { isArray } from "../../lib/json";

const PARAMETER = "safe";
const OFF = "Easel.PacksOff";
const COPY = "easel.packsOff";

let atStart: readonly string[] = [];

export function isSafeAddress(): boolean {
  const value = new URLSearchParams(location.search).get(PARAMETER);
  return value !== null && value !== "0";
}

export function safeAddress(): string {
  const url = new URL(location.href);
  url.searchParams.set(PARAMETER, "1");
  return url.href;
}

export function unsafeAddress(): string {
  const url = new URL(location.href);
  url.searchParams.delete(PARAMETER);
  return url.href;
}

/** The packs whose scripts are not to be loaded, as the server has kept them. */
export async function readPacksOff(api: Pick<Api, "settings">): Promise<readonly string[]> {
  const { [OFF]: off } = await api.settings().catch(() => ({ [OFF]: null }));
  atStart = isArray(off) ? off.map(String) : [];
  localStorage.setItem(COPY, JSON.stringify(atStart));
  return atStart;
}

/** Now, or when the page was loaded. */
export function isOff(pack: string, then = false): boolean {
  return (then ? atStart : stored()).includes(pack);
}

export async function switchPack(api: Pick<Api, "changeSettings">, pack: string, on: boolean): Promise<void> {
  const off = [...stored().filter((name) => name !== pack), ...(on ? [] : [pack])];
  localStorage.setItem(COPY, JSON.stringify(off));
  await api.changeSettings({ [OFF]: off });
}

function stored(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(COPY) ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}
