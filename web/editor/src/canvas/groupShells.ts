/** One positioned element per group, for its title. Moving one involves nobody but this file. */
import type { GroupId } from "../graph/records";
import { Emitter } from "../lib/emitter";
import { GROUP_TITLE } from "./groups";
import type { Scene } from "./scene";

export class GroupShells {
  /** The set of elements changed. */
  readonly changed = new Emitter();
  private readonly elements = new Map<GroupId, HTMLElement>();
  private snapshot: readonly (readonly [GroupId, HTMLElement])[] = [];

  constructor(
    private readonly world: HTMLElement,
    private readonly scene: Scene,
  ) {
    this.update();
  }

  /** The same array until the set changes. */
  get all(): readonly (readonly [GroupId, HTMLElement])[] {
    return this.snapshot;
  }

  element(id: GroupId): HTMLElement | undefined {
    return this.elements.get(id);
  }

  update(): void {
    const groups = new Map([...this.scene.doc.groups()].map((group) => [group.id, group]));
    let changed = false;
    for (const [id, element] of this.elements) {
      if (groups.has(id)) continue;
      element.remove();
      this.elements.delete(id);
      changed = true;
    }
    for (const [id, group] of groups) {
      const element = this.elements.get(id) ?? this.create(id);
      const { x, y, w } = this.scene.groupRect(group);
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.style.width = `${w}px`;
      if (this.elements.has(id)) continue;
      this.elements.set(id, element);
      changed = true;
    }
    if (!changed) return;
    this.snapshot = [...this.elements];
    this.changed.emit();
  }

  private create(id: GroupId): HTMLElement {
    const element = document.createElement("div");
    element.className = "group-shell";
    element.dataset.group = id;
    element.style.height = `${GROUP_TITLE}px`;
    this.world.append(element);
    return element;
  }
}
