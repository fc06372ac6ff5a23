/** Has the page speak the language that is set. */
import { localeFor, wordsOf } from "../../lib/languages";
import { locale, speak } from "../../lib/t";
import type { Settings } from "./settings";

let wanted = locale();

/** Resolves once it does; where the words cannot be had it goes on as before. */
export async function speakAsSet({ language }: Settings): Promise<void> {
  const next = localeFor(language, navigator.languages);
  wanted = next;
  if (next === locale()) return;
  try {
    const words = await wordsOf(next);
    // Another one may have been chosen meanwhile.
    if (next !== wanted) return;
    document.documentElement.lang = next;
    speak(next, words);
  } catch (error) {
    console.warn(`The words of ${next} cannot be read`, error);
  }
}
