/** Orders what a search found as a person means it: the whole name, then names with these words in them, then the rest. */
import { fuzzySearch } from "./fuzzy";

export interface Findable {
  readonly label: string;
  /** Further words that find it. */
  readonly words?: string;
  /** What is at hand anyway, or was used lately: it comes first among equals. */
  readonly familiar?: boolean;
}

/** The search over items that stay the same while a person types. */
export function searchOver<T extends Findable>(items: readonly T[]): (query: string) => readonly T[] {
  const haystack = items.map(({ label, words }) => `${label} ${words ?? ""}`);
  return (query) => {
    const wanted = query.trim().toLowerCase();
    if (!wanted) return items;
    const tokens = wanted.split(/\s+/);
    const found = fuzzySearch(haystack, wanted).flatMap((i) => items[i] ?? []);
    const ranks = new Map(found.map((item) => [item, rank(item, wanted, tokens)]));
    return found.sort((a, b) => compare(a, b, wanted, ranks));
  };
}

/** 0: it is called so, 1: its name has words that begin so, 2: an other name of it does, 3: it only resembles. */
function rank({ label, words = "" }: Findable, wanted: string, tokens: readonly string[]): number {
  const others = words.toLowerCase().split(/\s+/);
  if (label.toLowerCase() === wanted || others.includes(wanted)) return 0;
  const begun = (text: string) => {
    const starts = [text.toLowerCase(), ...wordsOf(text)];
    return tokens.every((token) => starts.some((word) => word.startsWith(token)));
  };
  if (begun(label)) return 1;
  return begun(words) ? 2 : 3;
}

function compare<T extends Findable>(a: T, b: T, wanted: string, ranks: ReadonlyMap<T, number>): number {
  const [first, second] = [ranks.get(a) ?? 0, ranks.get(b) ?? 0];
  if (first !== second) return first - second;
  if (a.familiar !== b.familiar) return a.familiar ? -1 : 1;
  if (first !== 1) return 0;
  const later = ({ label }: T) => Number(!label.toLowerCase().startsWith(wanted));
  // Among names with the same words in them the shorter one says little else.
  return later(a) - later(b) || a.label.length - b.label.length;
}

/** The words of "VAE Decode", "VAEDecode" and "vae_decode". */
function wordsOf(text: string): string[] {
  return (text.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+|[^\p{L}\p{N}\s]+|\p{L}+/gu) ?? []).map((word) =>
    word.toLowerCase(),
  );
}
