/** The words of the page, in the language it is shown in. All go through here, so that they can be told from names. */
import { Emitter } from "./emitter";

/** English words, and what they are in another language. */
export type Words = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;
/** Words that are asked for when they are shown: the page may speak another language by then. */
export type Label = () => string;

const ENGLISH = "en";
const CATEGORIES = ["zero", "one", "two", "few", "many", "other"] as const;

let spoken: { readonly locale: string; readonly words: Words } = { locale: ENGLISH, words: {} };

export const localeChanged = new Emitter();

/** The language and, where it is known, the region: what `Intl` wants to know. */
export function locale(): string {
  return spoken.locale;
}

export function speak(locale: string, words: Words): void {
  spoken = { locale, words };
  localeChanged.emit();
}

/**
 * `{name}` in the text is replaced by the value of that name, and `{count|node|nodes}` by the form that goes with the
 * number. The forms come in the order zero, one, two, few, many, other, each where the language has it, and the last one
 * holds for all that would follow. Words that nobody has translated are English.
 */
export function t(text: string, values: Values = {}): string {
  const translated = spoken.words[text];
  const language = translated === undefined ? ENGLISH : spoken.locale;
  return (translated ?? text).replace(/\{(\w+)((?:\|[^{}|]*)*)\}/g, (place, name: string, forms: string) => {
    const value = values[name];
    if (value === undefined) return place;
    return forms ? formFor(Number(value), forms.slice(1).split("|"), language) : String(value);
  });
}

function formFor(count: number, forms: readonly string[], language: string): string {
  const rules = new Intl.PluralRules(language);
  const known = rules.resolvedOptions().pluralCategories;
  const at = CATEGORIES.filter((category) => known.includes(category)).indexOf(rules.select(count));
  return forms[Math.min(at, forms.length - 1)] ?? "";
}
