/** The open workflows, in their order, and the one that is shown. Once the first is open there is always one. */
import type { NodeDefs } from "../graph/nodeDefs";
import { Emitter } from "../lib/emitter";
import { randomId } from "../lib/ids";
import type { Json } from "../lib/json";
import { t } from "../lib/t";
import { type Identity, Tab } from "./Tab";

export const EMPTY: Json = { nodes: [], links: [] };

export class Tabs {
  /** Anything that a list of tabs shows: which there are, their order, names, what is saved, the one that is shown. */
  readonly changed = new Emitter();
  readonly opened = new Emitter<Tab>();
  readonly closed = new Emitter<Tab>();

  private list_: readonly Tab[] = [];
  private current_: Tab | undefined;

  constructor(private defs: NodeDefs) {}

  get list(): readonly Tab[] {
    return this.list_;
  }

  get current(): Tab {
    if (!this.current_) throw new Error("No workflow is open yet");
    return this.current_;
  }

  /** Opens a workflow or a prompt beside what is open, and shows it. Throws NotAWorkflow, and changes nothing then. */
  open(file: Json, identity: Partial<Identity> & Pick<Identity, "name">, id = randomId()): Tab {
    const { path = null, dirty = false, version = null } = identity;
    const name = path ? identity.name : this.freeName(identity.name);
    const tab = new Tab(id, this.defs, file, { name, path, dirty, version });
    tab.renamed.on(() => this.changed.emit());
    const at = this.current_ ? this.list_.indexOf(this.current_) + 1 : 0;
    this.list_ = this.list_.toSpliced(at, 0, tab);
    this.current_ = tab;
    this.opened.emit(tab);
    this.changed.emit();
    return tab;
  }

  openEmpty(): Tab {
    return this.open(EMPTY, { name: t("Untitled") });
  }

  show(tab: Tab): void {
    if (tab === this.current_ || !this.list_.includes(tab)) return;
    this.current_ = tab;
    this.changed.emit();
  }

  /** Shows the next one, or the one before; after the last comes the first. */
  step(by: 1 | -1): void {
    const count = this.list_.length;
    const next = this.list_[(this.list_.indexOf(this.current) + by + count) % count];
    if (next) this.show(next);
  }

  move(tab: Tab, to: number): void {
    const from = this.list_.indexOf(tab);
    if (from < 0 || from === to) return;
    this.list_ = this.list_.toSpliced(from, 1).toSpliced(to, 0, tab);
    this.changed.emit();
  }

  /** Whatever is in it. The last one leaves an empty workflow behind. */
  close(tab: Tab): void {
    const at = this.list_.indexOf(tab);
    if (at < 0) return;
    if (this.list_.length === 1) this.openEmpty();
    this.list_ = this.list_.filter((other) => other !== tab);
    if (tab === this.current_) this.current_ = this.list_[Math.min(at, this.list_.length - 1)];
    this.closed.emit(tab);
    tab.status.reset();
    this.changed.emit();
  }

  withPath(path: string): Tab | undefined {
    return this.list_.find((tab) => tab.path === path);
  }

  withId(id: string | undefined): Tab | undefined {
    return this.list_.find((tab) => tab.id === id);
  }

  setDefs(defs: NodeDefs): void {
    this.defs = defs;
  }

  /** Two that are saved nowhere never go by the same name. */
  private freeName(name: string): string {
    const taken = new Set(this.list_.map((tab) => tab.name));
    if (!taken.has(name)) return name;
    const [, stem = name, number] = /^(.*) \((\d+)\)$/.exec(name) ?? [];
    let n = Number(number ?? 1) + 1;
    while (taken.has(`${stem} (${n})`)) n++;
    return `${stem} (${n})`;
  }
}
