/**
 * The state of the graph survives a reload or a crash. Each tab of the browser keeps a draft of its own, so two tabs never
 * write over each other; a new tab begins with a copy of the newest.
 */
import { del, entries, get, set } from "idb-keyval";

export interface Draft {
  readonly name: string;
  readonly text: string;
  /** Where it is kept on the server, if it is, and whether it was changed since. */
  readonly path?: string | null;
  readonly dirty?: boolean;
  readonly saved: number;
}

const PREFIX = "draft:";
const TAB_KEY = "easel.tab";
const KEPT = 10;

export class Drafts {
  private constructor(private readonly key: string) {}

  /** Finds this tab's drafts. A duplicated tab has the same session, so a lock tells whether the id is taken. */
  static async open(): Promise<Drafts> {
    const known = sessionStorage.getItem(TAB_KEY);
    const tab =
      known !== null && (await claim(known)) ? known : crypto.getRandomValues(new Uint32Array(3)).join("-");
    if (tab !== known) {
      await claim(tab);
      sessionStorage.setItem(TAB_KEY, tab);
    }
    return new Drafts(PREFIX + tab);
  }

  async load(): Promise<Draft | null> {
    const own = await get<Draft>(this.key);
    if (own) return own;
    const others = await this.others();
    return others[0]?.[1] ?? null;
  }

  async save(content: Omit<Draft, "saved">): Promise<void> {
    const draft: Draft = { ...content, saved: Date.now() };
    await set(this.key, draft);
    const old = (await this.others()).slice(KEPT);
    await Promise.all(old.map(([key]) => del(key)));
  }

  /** Newest first. */
  private async others(): Promise<[string, Draft][]> {
    const all = (await entries<string, Draft>()).filter(
      ([key]) => String(key).startsWith(PREFIX) && key !== this.key,
    );
    return all.sort(([, a], [, b]) => b.saved - a.saved);
  }
}

/** Holds a lock for as long as the tab lives. Without locks (plain HTTP on a network) every id is free. */
function claim(tab: string): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(PREFIX + tab, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}
