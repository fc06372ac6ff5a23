/** The one title that is being edited, of a node or a group. Kept here and not in its view, which may yet have to come. */
import type { GroupId, NodeId } from "../graph/records";
import { Emitter } from "../lib/emitter";

export type Titled =
  | { readonly kind: "node"; readonly id: NodeId }
  | { readonly kind: "group"; readonly id: GroupId };

export class Renaming {
  readonly changed = new Emitter();
  private titled: Titled | null = null;

  is(kind: Titled["kind"], id: string): boolean {
    return this.titled?.kind === kind && this.titled.id === id;
  }

  begin(titled: Titled): void {
    this.titled = titled;
    this.changed.emit();
  }

  end(kind: Titled["kind"], id: string): void {
    if (!this.is(kind, id)) return;
    this.titled = null;
    this.changed.emit();
  }
}
