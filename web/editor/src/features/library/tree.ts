/** The list of workflows as folders. */
import type { UserFile } from "../../api/types";
import { fuzzySearch } from "../../lib/fuzzy";

export interface Folder {
  /** Empty for those that lie in no folder. */
  readonly name: string;
  readonly files: readonly UserFile[];
}

/** By folder and name, those without a folder first. `query` may be any part of folder or name. */
export function foldersOf(files: readonly UserFile[], query: string): Folder[] {
  const shown = files.filter(
    (file) => file.path.endsWith(".json") && !file.path.split("/").at(-1)?.startsWith("."),
  );
  const names = shown.map((file) => file.path.replace(/\.json$/, ""));
  const found = query.trim() ? fuzzySearch(names, query).flatMap((i) => shown[i] ?? []) : shown;
  const folders = new Map<string, UserFile[]>();
  for (const file of found) {
    const name = file.path.split("/").slice(0, -1).join("/");
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  const inOrder = (a: string, b: string) =>
    a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
  return [...folders]
    .sort(([a], [b]) => inOrder(a, b))
    .map(([name, inside]) => ({ name, files: inside.sort((a, b) => inOrder(a.path, b.path)) }));
}
