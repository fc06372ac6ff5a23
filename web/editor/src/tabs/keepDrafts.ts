/** Writes drafts of what is open within a second after it changed, and the arrangement of the tabs with them. */
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { parseJson, stringifyJson } from "../lib/json";
import type { Draft, Drafts, Kept } from "./drafts";
import type { Tab } from "./Tab";
import type { Tabs } from "./Tabs";

/** How long a pause in the editing is waited for, in milliseconds, and how long at most: who goes on and on loses little. */
const PAUSE = 400;
const MOST = 800;

export function draftOf(tab: Tab): Draft {
  const { id, name, path, dirty, version, camera, status } = tab;
  const text = stringifyJson(writeWorkflow(tab.doc));
  return { id, name, path, dirty, version, camera, text, results: status.results, saved: Date.now() };
}

/** Throws for a draft that cannot be read. */
export function openDraft(tabs: Tabs, draft: Draft): Tab {
  const { name, path, dirty, version, id, camera, results } = draft;
  const tab = tabs.open(parseJson(draft.text), { name, path, dirty, version }, id);
  tab.camera = camera;
  tab.status.restore(results);
  return tab;
}

/** Opens what was open, as it was arranged; what cannot be read is told and stays where it is. */
export function openKept(tabs: Tabs, kept: Kept, onBroken: (draft: Draft, error: Error) => void): void {
  for (const draft of kept.drafts) {
    try {
      openDraft(tabs, draft);
    } catch (error) {
      onBroken(draft, error as Error);
    }
  }
  const shown = tabs.withId(kept.shown ?? undefined);
  if (shown) tabs.show(shown);
}

/** From now on, until the answered function is called. */
export function keepDrafts(tabs: Tabs, drafts: Drafts): () => void {
  const keepers = new Map<Tab, Keeper>();
  const begin = (tab: Tab) => keepers.set(tab, new Keeper(tab, drafts));
  const arrange = () => {
    const order = tabs.list.map(({ id }) => id);
    drafts.arrange({ order, shown: tabs.current.id }).catch(warn);
  };
  for (const tab of tabs.list) begin(tab);
  arrange();
  const leave = () => {
    for (const keeper of keepers.values()) keeper.leave();
  };
  const offs = [
    tabs.opened.on((tab) => {
      begin(tab);
      // With the one that the page began with: nobody has touched it, but it is no longer all there is.
      for (const keeper of keepers.values()) keeper.saveOnce();
    }),
    tabs.closed.on((tab) => {
      keepers.get(tab)?.stop();
      keepers.delete(tab);
      drafts.close(draftOf(tab)).catch(warn);
    }),
    tabs.changed.on(arrange),
  ];
  document.addEventListener("visibilitychange", leave);
  window.addEventListener("pagehide", leave);
  return () => {
    for (const off of offs) off();
    for (const keeper of keepers.values()) keeper.stop();
    document.removeEventListener("visibilitychange", leave);
    window.removeEventListener("pagehide", leave);
  };
}

class Keeper {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSaved = false;
  /** Since when there is something to write. */
  private since: number | null = null;
  private readonly offs: readonly (() => void)[];

  constructor(
    private readonly tab: Tab,
    private readonly drafts: Drafts,
  ) {
    const soon = () => this.soon();
    this.offs = [tab.doc.store.changed.on(soon), tab.renamed.on(soon), tab.status.made.on(soon)];
  }

  soon(): void {
    const now = performance.now();
    this.since ??= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.min(PAUSE, this.since + MOST - now));
  }

  /** The page may be gone before the time is up. */
  leave(): void {
    if (this.since !== null) this.save();
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const off of this.offs) off();
  }

  saveOnce(): void {
    if (!this.isSaved) this.save();
  }

  save(): void {
    this.isSaved = true;
    clearTimeout(this.timer);
    this.since = null;
    this.drafts.save(draftOf(this.tab)).catch(warn);
  }
}

function warn(error: unknown): void {
  console.warn("The draft could not be kept", error);
}
