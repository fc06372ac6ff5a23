/** The languages that the page speaks. The words of each are read when it is chosen. */
import type { Words } from "./t";

/** Their tags, as ComfyUI has them, and what they call themselves. */
export const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
  ["es", "Español"],
  ["fr", "Français"],
  ["pt-BR", "Português (Brasil)"],
  ["ru", "Русский"],
  ["ja", "日本語"],
  ["ko", "한국어"],
  ["zh", "简体中文"],
] as const;

export type Language = (typeof LANGUAGES)[number][0];

const CATALOGUES: Readonly<Record<Language, () => Promise<{ default: Words }>>> = {
  en: async () => ({ default: {} }),
  de: () => import("../languages/de.json"),
  es: () => import("../languages/es.json"),
  fr: () => import("../languages/fr.json"),
  "pt-BR": () => import("../languages/pt-BR.json"),
  ru: () => import("../languages/ru.json"),
  ja: () => import("../languages/ja.json"),
  ko: () => import("../languages/ko.json"),
  zh: () => import("../languages/zh.json"),
};

/** The language that serves somebody who asks for `locale`: that of "de-AT" is "de". */
export function languageFor(locale: string): Language | undefined {
  const tags = LANGUAGES.map(([tag]) => tag);
  return tags.find((tag) => tag === locale) ?? tags.find((tag) => primary(tag) === primary(locale));
}

/** What is set, with the region that the person has; "system": the first of their languages that the page speaks. */
export function localeFor(set: Language | "system", wanted: readonly string[]): string {
  const fitting = wanted.filter((locale) => {
    const language = languageFor(locale);
    return set === "system" ? language : language === set;
  });
  return fitting[0] ?? (set === "system" ? "en" : set);
}

export async function wordsOf(locale: string): Promise<Words> {
  return (await CATALOGUES[languageFor(locale) ?? "en"]()).default;
}

function primary(locale: string): string | undefined {
  return locale.split("-")[0]?.toLowerCase();
}
