/** Which nodes are selected. Not part of history: undo never changes what is selected on purpose. */
import { Emitter } from "../lib/emitter";
import type { NodeId } from "./records";

export class Selection {
  /** The nodes that came into or fell out of the selection. */
  readonly changed = new Emitter<ReadonlySet<NodeId>>();
  private ids_: ReadonlySet<NodeId> = new Set();

  get ids(): ReadonlySet<NodeId> {
    return this.ids_;
  }

  has(id: NodeId): boolean {
    return this.ids_.has(id);
  }

  set(ids: Iterable<NodeId>): void {
    const next = new Set(ids);
    const touched = new Set<NodeId>();
    for (const id of next) if (!this.ids_.has(id)) touched.add(id);
    for (const id of this.ids_) if (!next.has(id)) touched.add(id);
    if (!touched.size) return;
    this.ids_ = next;
    this.changed.emit(touched);
  }

  add(ids: Iterable<NodeId>): void {
    this.set([...this.ids_, ...ids]);
  }

  toggle(id: NodeId): void {
    if (this.ids_.has(id)) this.set([...this.ids_].filter((other) => other !== id));
    else this.add([id]);
  }

  clear(): void {
    this.set([]);
  }

  /** Forgets nodes that are gone. */
  prune(exists: (id: NodeId) => boolean): void {
    this.set([...this.ids_].filter(exists));
  }
}
