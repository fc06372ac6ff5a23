/** Undo and redo of a sheet. The oldest steps are let go when all of them together grow too large. */
import { apply, type Patch, type Sheet } from "./sheet";

const MOST_BYTES = 256 * 2 ** 20;

export class History {
  private readonly done: Patch[] = [];
  private undone: Patch[] = [];

  constructor(private readonly sheet: Sheet) {}

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  add(patch: Patch): void {
    this.undone = [];
    this.done.push(patch);
    let bytes = this.done.reduce((sum, { before }) => sum + 2 * before.length, 0);
    while (bytes > MOST_BYTES && this.done.length > 1) bytes -= 2 * (this.done.shift()?.before.length ?? 0);
  }

  /** Answers what has changed. */
  undo(): Patch | null {
    return this.step(this.done, this.undone, "before");
  }

  redo(): Patch | null {
    return this.step(this.undone, this.done, "after");
  }

  private step(from: Patch[], to: Patch[], side: "before" | "after"): Patch | null {
    const patch = from.pop();
    if (!patch) return null;
    apply(this.sheet, patch.rect, patch[side]);
    to.push(patch);
    return patch;
  }
}
