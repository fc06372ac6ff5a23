/** The words of the page, with values put into their places. All go through here, so that they can be told from names. */

type Values = Readonly<Record<string, string | number>>;

/** `{name}` in the text is replaced by the value of that name. */
export function t(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
