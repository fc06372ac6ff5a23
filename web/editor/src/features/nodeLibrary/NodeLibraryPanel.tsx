/** All classes of nodes by category, and those that a person has marked. A click adds one, and so does dragging it onto the canvas. */
import { Star } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { DRAGGED_NODE, placeNode } from "../../actions/place";
import type { NodeDef } from "../../graph/nodeDefs";
import { VIRTUAL_DEFS } from "../../graph/virtualNodes";
import { fuzzySearch } from "../../lib/fuzzy";
import { t } from "../../lib/t";
import { branches } from "../../lib/tree";
import { TreeList, type TreeRow } from "../../ui/TreeList";
import { useEditor } from "../context";
import { favourites, loadFavourites, toggleFavourite } from "./favourites";

const MARKED = "\u2605";
const openFolders = new Set<string>([MARKED]);

export function NodeLibraryPanel() {
  const editor = useEditor();
  const { api, doc } = editor;
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query);
  const [opened, setOpened] = useState(0);
  const marked = useStore(favourites);
  const defs = useSyncExternalStore(doc.touched.on, () => doc.defs);
  useEffect(() => void loadFavourites(api).catch(() => {}), [api]);

  const all = useMemo(
    () => [
      ...[...defs.values()].filter(({ devOnly }) => !devOnly),
      ...[...VIRTUAL_DEFS.values()].filter(({ type }) => !defs.has(type)),
    ],
    [defs],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: counts up when a folder is opened or closed
  const rows = useMemo((): TreeRow[] => {
    const leaf = (def: NodeDef, depth: number, prefix = ""): TreeRow => ({
      key: `${prefix}${def.type}`,
      label: def.title,
      depth,
      hint: def.deprecated ? t("Deprecated") : def.experimental ? t("Experimental") : def.pack,
      title: def.description || def.type,
      drag: [DRAGGED_NODE, JSON.stringify({ type: def.type })],
      action: <Mark type={def.type} title={def.title} on={marked.includes(def.type)} />,
    });
    if (wanted.trim()) {
      const words = all.map((def) => `${def.title} ${def.type} ${def.category} ${def.aliases.join(" ")}`);
      return fuzzySearch(words, wanted).flatMap((i) => (all[i] ? leaf(all[i], 0) : []));
    }
    const isOpen = (path: string) => openFolders.has(path);
    const own = marked.flatMap((type) => all.find((def) => def.type === type) ?? []);
    const top: TreeRow[] = own.length
      ? [{ key: MARKED, label: t("Favourites"), depth: 0, open: isOpen(MARKED), hint: String(own.length) }]
      : [];
    const inTop = own.length && isOpen(MARKED) ? own.map((def) => leaf(def, 1, MARKED)) : [];
    const tree = branches(all, ({ category, title }) => ({ folder: category, name: title }), isOpen);
    const below = tree.map(({ path, name, depth, item, count }): TreeRow => {
      if (item) return leaf(item, depth);
      return { key: path, label: name, depth, open: isOpen(path), hint: String(count) };
    });
    return [...top, ...inTop, ...below];
  }, [all, wanted, marked, opened]);

  const toggle = (key: string) => {
    if (!openFolders.delete(key)) openFolders.add(key);
    setOpened(opened + 1);
  };
  return (
    <>
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search nodes")}
          placeholder={t("Search {count} {count|node|nodes}", { count: all.length })}
          value={query}
          spellCheck={false}
          onChange={(e) => setQuery(e.target.value)}
        />
      </div>
      {!rows.length && <p className="panel-note">{t("No node of this name")}</p>}
      <TreeList
        rows={rows}
        label={t("Node library")}
        onToggle={toggle}
        onPick={({ key }) => placeNode(editor, { type: key.replace(MARKED, "") })}
      />
    </>
  );
}

function Mark({ type, title, on }: { readonly type: string; readonly title: string; readonly on: boolean }) {
  const { api } = useEditor();
  return (
    <button
      type="button"
      className="tree-action"
      tabIndex={-1}
      aria-label={on ? t("{title} is a favourite", { title }) : t("Make {title} a favourite", { title })}
      aria-pressed={on}
      onClick={(e) => {
        e.stopPropagation();
        void toggleFavourite(api, type);
      }}
    >
      <Star size={13} fill={on ? "currentColor" : "none"} aria-hidden />
    </button>
  );
}
