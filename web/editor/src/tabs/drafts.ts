/**
 * What is open survives a reload or a crash, and what was closed can be had back. Drafts lie in IndexedDB under the window
 * of the browser and the workflow, so two windows never write over each other. A draft is never the file: a file changes
 * only when it is saved.
 */
import { del, delMany, entries, get, set } from "idb-keyval";
import type { Camera } from "../canvas/camera";
import { Emitter } from "../lib/emitter";
import { randomId } from "../lib/ids";
import type { Results } from "../nodes/runStatus";
import { claimWindow, withoutWindow } from "./windows";

export interface Draft {
  readonly id: string;
  readonly name: string;
  readonly path: string | null;
  readonly dirty: boolean;
  readonly version?: string | null;
  /** The workflow as a file has it. */
  readonly text: string;
  readonly camera: Camera | null;
  readonly results: Results;
  /** Milliseconds since 1970. */
  readonly saved: number;
}

/** A draft that is not open, and the key under which it lies. */
export interface ClosedDraft extends Draft {
  readonly key: string;
}

/** Which drafts of a window were tabs, in their order, and which was shown. */
export interface Arrangement {
  readonly order: readonly string[];
  readonly shown: string | null;
}

export interface Kept extends Arrangement {
  readonly drafts: readonly Draft[];
}

const DRAFT = "draft:";
const WINDOW = "window:";
const CLOSED = "closed:";
const MOST_CLOSED = 30;
/** How long windows that do not come back are remembered, in milliseconds. */
const LONGEST = 60 * 24 * 3600 * 1000;

export class Drafts {
  /** Others are closed than before. */
  readonly changed = new Emitter();

  private constructor(readonly window: string) {}

  /** With what this window showed the last time, or what the last window showed that is gone. */
  static async open(): Promise<{ drafts: Drafts; kept: Kept }> {
    await forgetOldWindows();
    const { own, copied } = await claimWindow(await windowsLeft());
    const drafts = new Drafts(own);
    const kept = await load(copied ?? own);
    if (!copied) return { drafts, kept };
    const fresh = withFreshIds(kept);
    for (const draft of fresh.drafts) await drafts.save(draft);
    await drafts.arrange(fresh);
    return { drafts, kept: fresh };
  }

  save(draft: Draft): Promise<void> {
    return set(this.keyOf(draft.id), draft);
  }

  arrange({ order, shown }: Arrangement): Promise<void> {
    return set(WINDOW + this.window, { order, shown, saved: Date.now() });
  }

  /** From the open ones to the closed ones. */
  async close(draft: Draft): Promise<void> {
    await set(CLOSED + draft.id, { ...draft, saved: Date.now() });
    await del(this.keyOf(draft.id));
    await forgetOldestClosed();
    this.changed.emit();
  }

  /** What was closed, and what windows that are gone have left unsaved; newest first. */
  async closed(): Promise<ClosedDraft[]> {
    const left = await Promise.all(
      (await withoutWindow(await windowsLeft())).map((id) => withPrefix(`${DRAFT}${id}:`)),
    );
    const unsaved = left.flat().filter(({ dirty }) => dirty);
    return [...(await withPrefix(CLOSED)), ...unsaved].sort(newestFirst);
  }

  /** It is open again. */
  async reopened({ key }: ClosedDraft): Promise<void> {
    await del(key);
    this.changed.emit();
  }

  private keyOf(id: string): string {
    return `${DRAFT}${this.window}:${id}`;
  }
}

async function load(window: string): Promise<Kept> {
  const { order = [], shown = null } = (await get<Arrangement>(WINDOW + window)) ?? {};
  const place = (draft: Draft) => order.indexOf(draft.id) >>> 0; // unknown ones at the end
  const drafts = await withPrefix(`${DRAFT}${window}:`);
  return { order, shown, drafts: drafts.sort((a, b) => place(a) - place(b)) };
}

function withFreshIds({ drafts, shown }: Kept): Kept {
  const ids = new Map(drafts.map(({ id }) => [id, randomId()]));
  const fresh = drafts.map((draft) => ({ ...draft, id: ids.get(draft.id) ?? draft.id }));
  return { drafts: fresh, order: fresh.map(({ id }) => id), shown: ids.get(shown ?? "") ?? null };
}

/** The windows that have left something, newest first. */
async function windowsLeft(): Promise<string[]> {
  const all = (await entries<string, { saved: number }>()).filter(([key]) => String(key).startsWith(WINDOW));
  return all.sort(([, a], [, b]) => newestFirst(a, b)).map(([key]) => key.slice(WINDOW.length));
}

async function forgetOldWindows(): Promise<void> {
  for (const id of await withoutWindow(await windowsLeft())) {
    const drafts = await withPrefix(`${DRAFT}${id}:`);
    const { saved = 0 } = (await get<{ saved?: number }>(WINDOW + id)) ?? {};
    if (Math.max(saved, ...drafts.map((draft) => draft.saved)) > Date.now() - LONGEST) continue;
    await delMany([WINDOW + id, ...drafts.map(({ key }) => key)]);
  }
}

async function forgetOldestClosed(): Promise<void> {
  const old = (await withPrefix(CLOSED)).slice(MOST_CLOSED);
  await delMany(old.map(({ key }) => key));
}

/** Newest first. */
async function withPrefix(prefix: string): Promise<ClosedDraft[]> {
  const all = (await entries<string, Draft>()).filter(([key]) => String(key).startsWith(prefix));
  return all.map(([key, draft]) => ({ ...draft, key })).sort(newestFirst);
}

function newestFirst(a: { readonly saved: number }, b: { readonly saved: number }): number {
  return b.saved - a.saved;
}
