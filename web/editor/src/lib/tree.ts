/** Things with paths as the rows of a tree, in the order of their names, folders first. */

export interface Branch<T> {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  /** Null for a folder. */
  readonly item: T | null;
  /** For a folder: how many things are in it, at any depth. */
  readonly count: number;
}

interface Folder<T> {
  readonly folders: Map<string, Folder<T>>;
  readonly items: [string, T][];
  count: number;
}

/** `pathOf` answers the folders, divided by `/`, and the name. What is in folders that `isOpen` denies is left out. */
export function branches<T>(
  items: readonly T[],
  pathOf: (item: T) => { readonly folder: string; readonly name: string },
  isOpen: (path: string) => boolean,
): Branch<T>[] {
  const root: Folder<T> = { folders: new Map(), items: [], count: 0 };
  for (const item of items) {
    const { folder, name } = pathOf(item);
    let place = root;
    for (const part of folder.split("/").filter(Boolean)) {
      place.count++;
      const inner: Folder<T> = place.folders.get(part) ?? { folders: new Map(), items: [], count: 0 };
      place.folders.set(part, inner);
      place = inner;
    }
    place.count++;
    place.items.push([name, item]);
  }
  const rows: Branch<T>[] = [];
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
    a.localeCompare(b, undefined, { numeric: true });
  const walk = (folder: Folder<T>, path: string, depth: number) => {
    for (const [name, inner] of [...folder.folders].sort(byName)) {
      const here = path ? `${path}/${name}` : name;
      rows.push({ path: here, name, depth, item: null, count: inner.count });
      if (isOpen(here)) walk(inner, here, depth + 1);
    }
    for (const [name, item] of [...folder.items].sort(byName))
      rows.push({ path: path ? `${path}/${name}` : name, name, depth, item, count: 1 });
  };
  walk(root, "", 0);
  return rows;
}
