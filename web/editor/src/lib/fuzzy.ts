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
  // A name that starts with what was typed comes first, whatever else matches, and of these the shortest: the name itself.
  const lower = needle.toLowerCase();
  const rank = (i: number) => {
    const text = list[i] ?? "";
    return text.toLowerCase().startsWith(lower) ? text.length : Number.MAX_SAFE_INTEGER;
  };
  return ranked.sort((a, b) => rank(a) - rank(b));
}
