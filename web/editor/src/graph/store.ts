/**
 * A store of immutable records with transactions, undo and redo.
 *
 * Every change is a `{before, after}` pair. One user gesture is one transaction and one step of undo; a gesture that
 * lasts (typing, dragging a number) passes a `mergeKey`, and transactions in a row with the same key become one step.
 */
import { Emitter } from "../lib/emitter";

export interface Change<R> {
  readonly before: R | undefined;
  readonly after: R | undefined;
}

export type Diff<K, R> = ReadonlyMap<K, Change<R>>;

interface Step<K, R> {
  readonly label: string;
  readonly mergeKey: string | undefined;
  diff: Diff<K, R>;
}

export interface Transaction<K, R> {
  get(key: K): R | undefined;
  put(record: R): void;
  remove(key: K): void;
}

export interface HistoryState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly undoLabel: string | undefined;
  readonly redoLabel: string | undefined;
}

const HISTORY_LIMIT = 500;

export class RecordStore<K extends string, R extends object> {
  /** After each transaction, undo and redo, with everything that changed. */
  readonly changed = new Emitter<Diff<K, R>>();
  readonly historyChanged = new Emitter();

  /** A removed record leaves its key behind, so that undo puts it back in its old place. */
  private readonly records = new Map<K, R | undefined>();
  private undoSteps: Step<K, R>[] = [];
  private redoSteps: Step<K, R>[] = [];
  private open: Map<K, Change<R>> | null = null;
  private mergeBarrier = false;
  /** What could be redone before the latest step began. */
  private cut: Step<K, R>[] = [];

  /**
   * `onApply` sees each single change at once, so that indexes are right inside a transaction too. `rebase` carries a
   * step of undo over to a record that changed outside history meanwhile.
   */
  constructor(
    private readonly keyOf: (record: R) => K,
    private readonly onApply: (change: Change<R>) => void = () => {},
    private readonly rebase: (current: R, from: R, to: R) => R = (_current, _from, to) => to,
  ) {}

  get(key: K): R | undefined {
    return this.records.get(key);
  }

  *all(): IterableIterator<R> {
    for (const record of this.records.values()) if (record !== undefined) yield record;
  }

  /** Runs `edit` as one step. When it throws, everything it did is taken back. Nested calls join the outer one. */
  transact(label: string, edit: (tx: Transaction<K, R>) => void, mergeKey?: string): void {
    if (this.open) {
      edit(this.tx);
      return;
    }
    const diff = this.collect(edit);
    if (!diff.size) return;
    this.remember({ label, mergeKey, diff });
    this.changed.emit(diff);
    this.historyChanged.emit();
  }

  /** Changes that are not the user's, like a seed drawn after a run: no step of undo, and undo leaves them alone. */
  applyOutsideHistory(edit: (tx: Transaction<K, R>) => void): void {
    const diff = this.collect(edit);
    if (diff.size) this.changed.emit(diff);
  }

  private collect(edit: (tx: Transaction<K, R>) => void): Map<K, Change<R>> {
    const diff = new Map<K, Change<R>>();
    this.open = diff;
    try {
      edit(this.tx);
    } catch (error) {
      this.open = null;
      for (const [key, { before, after }] of [...diff].reverse()) this.apply(key, after, before);
      throw error;
    }
    this.open = null;
    for (const [key, change] of diff) if (change.before === change.after) diff.delete(key);
    return diff;
  }

  /** Another document takes the place of this one; history starts anew. */
  replaceAll(records: Iterable<R>): void {
    const diff = new Map<K, Change<R>>();
    for (const [key, before] of [...this.records]) {
      if (before === undefined) continue;
      this.apply(key, before, undefined);
      diff.set(key, { before, after: undefined });
    }
    this.records.clear();
    for (const after of records) {
      const key = this.keyOf(after);
      const earlier = diff.get(key);
      this.apply(key, this.records.get(key), after);
      diff.set(key, { before: earlier?.before, after });
    }
    this.undoSteps = [];
    this.redoSteps = [];
    this.cut = [];
    this.changed.emit(diff);
    this.historyChanged.emit();
  }

  undo(): boolean {
    return this.step(this.undoSteps, this.redoSteps, reverse);
  }

  redo(): boolean {
    return this.step(this.redoSteps, this.undoSteps, (diff) => diff);
  }

  /** Ends a run of merging transactions, or only one with this key: the next one is a step of its own. */
  endMerge(mergeKey?: string): void {
    if (mergeKey === undefined || this.undoSteps.at(-1)?.mergeKey === mergeKey) this.mergeBarrier = true;
  }

  /** Takes a run of merging transactions back as if it had never been; nothing when it has ended. */
  takeBack(mergeKey: string): void {
    const redo = this.cut;
    if (this.mergeBarrier || this.undoSteps.at(-1)?.mergeKey !== mergeKey || !this.undo()) return;
    this.redoSteps = redo;
    this.historyChanged.emit();
  }

  get history(): HistoryState {
    return {
      canUndo: this.undoSteps.length > 0,
      canRedo: this.redoSteps.length > 0,
      undoLabel: this.undoSteps.at(-1)?.label,
      redoLabel: this.redoSteps.at(-1)?.label,
    };
  }

  private readonly tx: Transaction<K, R> = {
    get: (key) => this.records.get(key),
    put: (record) => this.write(this.keyOf(record), record),
    remove: (key) => this.write(key, undefined),
  };

  private write(key: K, after: R | undefined): void {
    if (!this.open) throw new Error("A transaction was used after its end");
    const before = this.records.get(key);
    if (before === after) return;
    this.open.set(key, { before: this.open.has(key) ? this.open.get(key)?.before : before, after });
    this.apply(key, before, after);
  }

  private apply(key: K, before: R | undefined, after: R | undefined): void {
    this.records.set(key, after);
    this.onApply({ before, after });
  }

  private remember(step: Step<K, R>): void {
    const last = this.undoSteps.at(-1);
    const redo = this.redoSteps;
    this.redoSteps = [];
    if (last && step.mergeKey !== undefined && last.mergeKey === step.mergeKey && !this.mergeBarrier) {
      last.diff = concat(last.diff, step.diff);
      return;
    }
    this.mergeBarrier = false;
    this.cut = redo;
    this.undoSteps.push(step);
    if (this.undoSteps.length > HISTORY_LIMIT) this.undoSteps.shift();
  }

  private step(from: Step<K, R>[], to: Step<K, R>[], direct: (diff: Diff<K, R>) => Diff<K, R>): boolean {
    const step = from.pop();
    if (!step) return false;
    const done = new Map<K, Change<R>>();
    for (const [key, { before, after }] of direct(step.diff)) {
      const current = this.records.get(key);
      const target =
        current && before && after && current !== before ? this.rebase(current, before, after) : after;
      this.apply(key, current, target);
      done.set(key, { before: current, after: target });
    }
    to.push(step);
    this.mergeBarrier = true;
    this.changed.emit(done);
    this.historyChanged.emit();
    return true;
  }
}

function reverse<K, R>(diff: Diff<K, R>): Diff<K, R> {
  return new Map(
    [...diff].reverse().map(([key, { before, after }]) => [key, { before: after, after: before }]),
  );
}

function concat<K, R>(first: Diff<K, R>, second: Diff<K, R>): Diff<K, R> {
  const result = new Map(first);
  for (const [key, change] of second) {
    const earlier = result.get(key);
    result.set(key, { before: earlier ? earlier.before : change.before, after: change.after });
  }
  return result;
}
