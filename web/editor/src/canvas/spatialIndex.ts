/** Finds rectangles by place, in cells of a uniform grid. Very large ones are kept apart, so no entry fills many cells. */
import { intersects, type Rect } from "../lib/geometry";

const CELL = 512;
const MANY_CELLS = 64;

export class SpatialIndex<Id> {
  private readonly rects = new Map<Id, Rect>();
  private readonly cells = new Map<string, Set<Id>>();
  private readonly large = new Set<Id>();

  set(id: Id, rect: Rect): void {
    this.delete(id);
    this.rects.set(id, rect);
    const keys = cellKeys(rect);
    if (!keys) this.large.add(id);
    for (const key of keys ?? []) {
      const cell = this.cells.get(key);
      if (cell) cell.add(id);
      else this.cells.set(key, new Set([id]));
    }
  }

  delete(id: Id): void {
    const rect = this.rects.get(id);
    if (!rect) return;
    this.rects.delete(id);
    this.large.delete(id);
    for (const key of cellKeys(rect) ?? []) {
      const cell = this.cells.get(key);
      cell?.delete(id);
      if (cell?.size === 0) this.cells.delete(key);
    }
  }

  clear(): void {
    this.rects.clear();
    this.cells.clear();
    this.large.clear();
  }

  /** Ids whose rectangle touches `area`. */
  query(area: Rect): Set<Id> {
    const found = new Set<Id>();
    const keys = cellKeys(area);
    // An area of more cells than entries is answered faster by looking at every entry.
    const sources: Iterable<Iterable<Id>> = keys
      ? [this.large, ...cellsOf(this.cells, keys)]
      : [this.rects.keys()];
    for (const source of sources) {
      for (const id of source) {
        const rect = this.rects.get(id);
        if (rect && intersects(rect, area)) found.add(id);
      }
    }
    return found;
  }
}

function* cellsOf<Id>(cells: ReadonlyMap<string, Set<Id>>, keys: readonly string[]): Iterable<Set<Id>> {
  for (const key of keys) {
    const cell = cells.get(key);
    if (cell) yield cell;
  }
}

function cellKeys(r: Rect): string[] | null {
  const [left, right] = [Math.floor(r.x / CELL), Math.floor((r.x + r.w) / CELL)];
  const [top, bottom] = [Math.floor(r.y / CELL), Math.floor((r.y + r.h) / CELL)];
  if ((right - left + 1) * (bottom - top + 1) > MANY_CELLS) return null;
  const keys: string[] = [];
  for (let x = left; x <= right; x++) for (let y = top; y <= bottom; y++) keys.push(`${x},${y}`);
  return keys;
}
