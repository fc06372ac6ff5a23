/** Which nodes and reroutes are selected. Not part of history: undo never changes what is selected on purpose. */
import { Emitter } from "../lib/emitter";
import type { NodeId, RerouteId } from "./records";

export class Selection {
  /** The nodes that came into or fell out of the selection; none when it was reroutes only. */
  readonly changed = new Emitter<ReadonlySet<NodeId>>();
  private ids_: ReadonlySet<NodeId> = new Set();
  private reroutes_: ReadonlySet<RerouteId> = new Set();

  get ids(): ReadonlySet<NodeId> {
    return this.ids_;
  }

  get reroutes(): ReadonlySet<RerouteId> {
    return this.reroutes_;
  }

  has(id: NodeId): boolean {
    return this.ids_.has(id);
  }

  set(ids: Iterable<NodeId>, reroutes: Iterable<RerouteId> = []): void {
    const next = new Set(ids);
    const touched = differing(this.ids_, next);
    const nextReroutes = new Set(reroutes);
    const others = differing(this.reroutes_, nextReroutes);
    if (!touched.size && !others.size) return;
    this.ids_ = next;
    this.reroutes_ = nextReroutes;
    this.changed.emit(touched);
  }

  add(ids: Iterable<NodeId>): void {
    this.set([...this.ids_, ...ids], this.reroutes_);
  }

  toggle(id: NodeId): void {
    if (this.ids_.has(id)) this.set(without(this.ids_, id), this.reroutes_);
    else this.add([id]);
  }

  toggleReroute(id: RerouteId): void {
    const next = this.reroutes_.has(id) ? without(this.reroutes_, id) : [...this.reroutes_, id];
    this.set(this.ids_, next);
  }

  clear(): void {
    this.set([]);
  }

  /** Forgets what is gone. */
  prune(exists: (id: NodeId) => boolean, rerouteExists: (id: RerouteId) => boolean = () => true): void {
    this.set([...this.ids_].filter(exists), [...this.reroutes_].filter(rerouteExists));
  }
}

function without(set: ReadonlySet<string>, id: string): string[] {
  return [...set].filter((other) => other !== id);
}

function differing(before: ReadonlySet<string>, after: ReadonlySet<string>): Set<string> {
  const differences = new Set<string>();
  for (const id of after) if (!before.has(id)) differences.add(id);
  for (const id of before) if (!after.has(id)) differences.add(id);
  return differences;
}
