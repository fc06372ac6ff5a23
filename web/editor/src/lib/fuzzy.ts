/** Finds what people half remember: words in any order, with a letter missing or swapped. */
import UFuzzy from "@leeoniya/ufuzzy";

const engine = new UFuzzy({ intraMode: 1, intraIns: 1 });

/** Indexes into `haystack`, best first; all of them, in order, for an empty query. */
export function fuzzySearch(haystack: readonly string[], query: string): number[] {
  const needle = query.trim();
  if (!needle) return haystack.map((_, i) => i);
  const list = haystack as string[];
  const [found, info, order] = engine.search(list, needle, 1, 10_000);
  if (!found) return [];
  const ranked = info && order ? order.map((i) => info.idx[i] as number) : [...found];
  // A name that starts with what was typed comes first, whatever else matches.
  const lower = needle.toLowerCase();
  const starts = (i: number) => (list[i]?.toLowerCase().startsWith(lower) ? 0 : 1);
  return ranked.sort((a, b) => starts(a) - starts(b));
}
