/** The options of a combo in a panel: folders to go into, thousands of names to filter, several to tick where that is asked. */
import { Folder } from "lucide-react";
import { useMemo, useState } from "react";
import { optionText } from "../../graph/widgets";
import type { Json } from "../../lib/json";
import { t } from "../../lib/t";
import { type FilterItem, FilterList } from "../../ui/FilterList";

interface Props {
  readonly label: string;
  readonly options: readonly Json[];
  /** Indexes of what is chosen. */
  readonly chosen: ReadonlySet<number>;
  readonly nothing: string;
  /** What was typed before it was open. */
  readonly typed: string;
  readonly onPick: (option: Json) => void;
}

const UP = "..";

export function ComboList({ label, options, chosen, nothing, typed, onPick }: Props) {
  const names = useMemo(() => options.map(optionText), [options]);
  const [folder, setFolder] = useState(() => folderOf(names[[...chosen][0] ?? -1] ?? ""));
  const here = useMemo(() => itemsIn(names, folder), [names, folder]);
  const all = useMemo(() => allItems(names, folder), [names, folder]);
  const selected = useMemo(() => new Set([...chosen].map(String)), [chosen]);
  const up = folder ? () => setFolder(folderOf(folder)) : undefined;
  return (
    <FilterList
      // A folder begins at its top.
      key={folder}
      items={here}
      found={all}
      typed={typed}
      selected={selected}
      label={label}
      placeholder={t("Find {label}", { label })}
      nothing={nothing}
      onBack={up}
      onPick={(item) => {
        if (item.key === UP) up?.();
        else if (item.key.startsWith("/")) setFolder(item.key.slice(1));
        else onPick(options[Number(item.key)] ?? null);
      }}
    />
  );
}

/** What lies in a folder, its folders first. */
function itemsIn(names: readonly string[], folder: string): FilterItem[] {
  const prefix = folder ? `${folder}/` : "";
  const folders = new Map<string, number>();
  const here: FilterItem[] = [];
  for (const [i, name] of names.entries()) {
    if (!name.startsWith(prefix)) continue;
    const rest = name.slice(prefix.length);
    const [first = ""] = folderOf(rest).split("/");
    if (first) folders.set(first, (folders.get(first) ?? 0) + 1);
    else here.push({ key: String(i), label: rest });
  }
  const icon = <Folder size={14} aria-hidden />;
  const rows = [...folders].map(([name, count]) => ({
    key: `/${prefix}${name}`,
    label: name,
    hint: String(count),
    icon,
  }));
  const back = folder ? [{ key: UP, label: t("Back"), hint: folder, icon }] : [];
  return [...back, ...rows, ...here];
}

/** Who types searches all folders; what lies in the open one comes first. */
function allItems(names: readonly string[], folder: string): FilterItem[] {
  const prefix = folder ? `${folder}/` : "";
  return names.map((name, i) => {
    const hint = folderOf(name);
    return { key: String(i), label: nameOf(name), hint, words: hint, familiar: name.startsWith(prefix) };
  });
}

export function folderOf(name: string): string {
  const slash = isPath(name) ? name.lastIndexOf("/") : -1;
  return slash < 0 ? "" : name.slice(0, slash);
}

export function nameOf(path: string): string {
  const folder = folderOf(path);
  return folder ? path.slice(folder.length + 1) : path;
}

/** "16/9" and "1024 / 768" are no files in folders. */
function isPath(name: string): boolean {
  return /\.[a-z0-9]{2,12}(?: \[\w+\])?$/i.test(name);
}
