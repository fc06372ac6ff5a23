/** Words of the page in the person's language. English is the key: what has no translation stays as it is. */

type Values = Readonly<Record<string, string | number>>;

let words: Readonly<Record<string, string>> = {};

export function setWords(next: Readonly<Record<string, string>>): void {
  words = next;
}

/** `{name}` in the text is replaced by the value of that name. */
export function t(text: string, values?: Values): string {
  const translated = words[text] ?? text;
  if (!values) return translated;
  return translated.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
