/**
 * One positioned element per node in view. What is inside a shell is drawn by someone else, who learns from `visible`
 * which shells there are; moving a shell never involves them.
 */

import type { NodeId } from "../graph/records";
import { Emitter } from "../lib/emitter";
import type { Scene } from "./scene";

export class Shells {
  /** The set of mounted shells changed. */
  readonly changed = new Emitter();
  private readonly elements = new Map<NodeId, HTMLElement>();
  private snapshot: readonly (readonly [NodeId, HTMLElement])[] = [];

  constructor(
    private readonly world: HTMLElement,
    private readonly scene: Scene,
  ) {}

  /** In reading order: by column, then by row. The same array until the set changes. */
  get visible(): readonly (readonly [NodeId, HTMLElement])[] {
    return this.snapshot;
  }

  element(id: NodeId): HTMLElement | undefined {
    return this.elements.get(id);
  }

  /** Mounts exactly `wanted`, except that a shell in use stays. */
  show(wanted: ReadonlySet<NodeId>): void {
    let changed = false;
    for (const [id, element] of this.elements) {
      const gone = !this.scene.doc.isHere(id);
      if (!gone && (wanted.has(id) || inUse(element))) continue;
      element.remove();
      this.elements.delete(id);
      changed = true;
    }
    for (const id of wanted) {
      if (this.elements.has(id)) continue;
      this.elements.set(id, this.create(id));
      changed = true;
    }
    if (!changed) return;
    this.reorder();
    this.changed.emit();
  }

  /** Ids will mean other nodes: whatever is in the shells must not be kept for them. */
  clear(): void {
    for (const element of this.elements.values()) element.remove();
    this.elements.clear();
    this.snapshot = [];
    this.changed.emit();
  }

  place(ids: Iterable<NodeId>): void {
    for (const id of ids) {
      const element = this.elements.get(id);
      if (element) this.position(id, element);
    }
  }

  private create(id: NodeId): HTMLElement {
    const element = document.createElement("div");
    element.className = "node-shell";
    element.dataset.node = id;
    this.position(id, element);
    return element;
  }

  private position(id: NodeId, element: HTMLElement): void {
    const frame = this.scene.frame(id);
    if (!frame) return;
    element.style.transform = `translate(${frame.x}px, ${frame.y}px)`;
    element.style.width = `${frame.w}px`;
    element.style.height = `${frame.h}px`;
    element.style.zIndex = String(this.scene.depth(id));
  }

  /** Puts the elements into reading order without moving those that are in place: moving one would drop its focus. */
  private reorder(): void {
    const sorted = [...this.elements].sort(([a], [b]) => {
      const [p, q] = [this.scene.pos(a), this.scene.pos(b)];
      return p && q ? p.x - q.x || p.y - q.y : 0;
    });
    let previous: Element | null = null;
    for (const [, element] of sorted) {
      const place: Element | null = previous ? previous.nextElementSibling : this.world.firstElementChild;
      if (place !== element && !element.contains(document.activeElement))
        this.world.insertBefore(element, place);
      previous = element;
    }
    this.snapshot = sorted;
  }
}

/** The focus is in it, or something in it plays. */
function inUse(element: HTMLElement): boolean {
  return element.contains(document.activeElement) || element.querySelector("[data-playing]") !== null;
}
