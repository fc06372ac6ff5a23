/** The options of a combo in a panel: folders to go into, thousands of names to filter, several to tick where that is asked. */
import { Folder } from "lucide-react";
import { useMemo, useState } from "react";
import { optionText } from "../../graph/widgets";
import type { Json } from "../../lib/json";
import { type FilterItem, FilterList } from "../../ui/FilterList";

interface Props {
  readonly label: string;
  readonly options: readonly Json[];
  /** Indexes of what is chosen. */
  readonly chosen: ReadonlySet<number>;
  readonly nothing: string;
  readonly onPick: (option: Json) => void;
}

const UP = "..";

export function ComboList({ label, options, chosen, nothing, onPick }: Props) {
  const names = useMemo(() => options.map(optionText), [options]);
  const [folder, setFolder] = useState(() => folderOf(names[[...chosen][0] ?? -1] ?? ""));
  const { here, below } = useMemo(() => itemsOf(names, folder), [names, folder]);
  const selected = useMemo(() => new Set([...chosen].map(String)), [chosen]);
  const up = folder ? () => setFolder(folderOf(folder)) : undefined;
  return (
    <FilterList
      // A folder begins at its top.
      key={folder}
      items={here}
      found={below}
      selected={selected}
      label={label}
      placeholder={folder ? `Find ${label} in ${folder}` : `Find ${label}`}
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

/** What lies in a folder, its folders first, and all that lies below it, for who types. */
function itemsOf(names: readonly string[], folder: string): { here: FilterItem[]; below: FilterItem[] } {
  const prefix = folder ? `${folder}/` : "";
  const folders = new Map<string, number>();
  const here: FilterItem[] = [];
  const below: FilterItem[] = [];
  for (const [i, name] of names.entries()) {
    if (!name.startsWith(prefix)) continue;
    const rest = name.slice(prefix.length);
    const slash = isPath(rest) ? rest.lastIndexOf("/") : -1;
    const hint = slash < 0 ? "" : rest.slice(0, slash);
    below.push({ key: String(i), label: rest.slice(slash + 1), hint, words: hint });
    if (slash < 0) here.push({ key: String(i), label: rest });
    else {
      const first = rest.slice(0, rest.indexOf("/"));
      folders.set(first, (folders.get(first) ?? 0) + 1);
    }
  }
  const icon = <Folder size={14} aria-hidden />;
  const rows = [...folders].map(([name, count]) => ({
    key: `/${prefix}${name}`,
    label: name,
    hint: String(count),
    icon,
  }));
  const back = folder ? [{ key: UP, label: "Back", hint: folder, icon }] : [];
  return { here: [...back, ...rows, ...here], below };
}

function folderOf(name: string): string {
  const slash = isPath(name) ? name.lastIndexOf("/") : -1;
  return slash < 0 ? "" : name.slice(0, slash);
}

/** "16/9" and "1024 / 768" are no files in folders. */
function isPath(name: string): boolean {
  return /\.[a-z0-9]{2,12}(?: \[\w+\])?$/i.test(name);
}
