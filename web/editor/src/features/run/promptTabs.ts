/** Which tab a prompt was queued from, also after a reload: what comes of it is shown there and nowhere else. */
import type { Tab } from "../../tabs/Tab";
import type { Tabs } from "../../tabs/Tabs";
import { rememberName } from "./runNames";

const KEY = "easel.prompts";
const KEPT = 300;

export class PromptTabs {
  private readonly tabIds: Map<string, string>;

  constructor(private readonly tabs: Tabs) {
    this.tabIds = new Map(stored());
  }

  /** Null for one that no tab has anything to do with. */
  add(promptId: string, tab: Tab | null): void {
    this.tabIds.set(promptId, tab?.id ?? "");
    if (tab) rememberName(promptId, tab.name);
    const latest = [...this.tabIds].slice(-KEPT);
    globalThis.sessionStorage?.setItem(KEY, JSON.stringify(latest));
  }

  of(promptId: string): Tab | undefined {
    return this.tabs.withId(this.tabIds.get(promptId));
  }

  has(promptId: string): boolean {
    return this.tabIds.has(promptId);
  }
}

function stored(): [string, string][] {
  try {
    const list: unknown = JSON.parse(globalThis.sessionStorage?.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
