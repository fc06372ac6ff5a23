/**
 * Each window of the browser has an id of its own, which it keeps over a reload. A lock says which ids are in use: a
 * duplicated window, whose memory is a copy, gets another id, and a window that crashed is taken up by the next one.
 */
import { randomId } from "../lib/ids";

export interface Claim {
  readonly own: string;
  /** The window that this one is a duplicate of. */
  readonly copied: string | null;
}

const KEY = "easel.window:";
/** How long an answer of another window may take, in milliseconds. */
const PATIENCE = 200;

/** `left` are the windows that have left something, the newest first. */
export async function claimWindow(left: readonly string[]): Promise<Claim> {
  const before = sessionStorage.getItem(KEY);
  if (before !== null && (await claim(before))) return { own: before, copied: null };
  const [newest] = before === null ? await withoutWindow(left) : [];
  const own = newest !== undefined && (await claim(newest)) ? newest : randomId();
  if (own !== newest) await claim(own);
  sessionStorage.setItem(KEY, own);
  return { own, copied: before };
}

/** Those that nobody shows now. They may come back: a browser that is started again restores them one by one. */
export async function withoutWindow(ids: readonly string[]): Promise<string[]> {
  // Without locks nobody can tell.
  if (!navigator.locks) return [];
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map(({ name }) => name));
  return ids.filter((id) => !names.has(KEY + id));
}

/** Holds the id for as long as the window lives. */
function claim(id: string): Promise<boolean> {
  if (!navigator.locks) return claimByVoice(id);
  return new Promise((resolve) => {
    void navigator.locks.request(KEY + id, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

/** Over plain HTTP there are no locks: whoever has the id already says so. */
function claimByVoice(id: string): Promise<boolean> {
  const channel = new BroadcastChannel(KEY + id);
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => data === "taken" && resolve(false);
    channel.postMessage("asked");
    setTimeout(() => {
      resolve(true);
      channel.onmessage = ({ data }) => data === "asked" && channel.postMessage("taken");
    }, PATIENCE);
  }).then((free) => {
    if (!free) channel.close();
    return free as boolean;
  });
}
