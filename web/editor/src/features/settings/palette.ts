/** Colours of a person's own: a JSON object of the variables of `ui/tokens.css` and their values, on top of the theme. */

import { t } from "../../lib/t";
import type { SettingsApi } from "./settings";

const SETTING = "Easel.Palette";
export const EXAMPLE = '{"--accent": "#4aa3ff"}';
const NAME = /^--[\w-]+$/;
const VALUE = /^[^;{}<>]{1,100}$/;

export type Palette = Readonly<Record<string, string>>;

/** Throws an Error that says which member is wrong. An empty text is an empty palette. */
export function readPalette(text: string): Palette {
  const found: unknown = text.trim() ? JSON.parse(text) : {};
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new Error(t("A palette is an object, such as {example}", { example: EXAMPLE }));
  for (const [name, value] of Object.entries(found)) {
    if (!NAME.test(name)) throw new Error(t("{name} is no variable: its name begins with --", { name }));
    if (typeof value !== "string" || !VALUE.test(value))
      throw new Error(t("{name} has no value that is a colour", { name }));
  }
  return found as Palette;
}

let applied: readonly string[] = [];

export function applyPalette(palette: Palette, style: CSSStyleDeclaration): void {
  for (const name of applied) style.removeProperty(name);
  for (const [name, value] of Object.entries(palette)) style.setProperty(name, value);
  applied = Object.keys(palette);
}

/** The text as it was written. What has become unreadable counts as none. */
export async function loadPalette(api: SettingsApi, style: CSSStyleDeclaration): Promise<string> {
  const { [SETTING]: kept } = await api.settings();
  const text = typeof kept === "string" ? kept : "";
  try {
    applyPalette(readPalette(text), style);
  } catch (error) {
    console.warn("The palette cannot be read", error);
  }
  return text;
}

export async function savePalette(api: SettingsApi, text: string, style: CSSStyleDeclaration): Promise<void> {
  applyPalette(readPalette(text), style);
  await api.changeSettings({ [SETTING]: text });
}
