/** What a person has set, keys and colours included: before the first key is pressed, and again when it was changed elsewhere. */
import type { Api } from "../api/http";
import { loadPalette } from "../features/settings/palette";
import type { SettingsStore } from "../features/settings/settings";
import { loadKeys } from "../features/shortcuts/keymap";

/** Without an answer the browser's own copy of the settings and the built-in keys hold. */
export async function loadPersonal(api: Api, settings: SettingsStore): Promise<void> {
  await Promise.allSettled([
    settings.load(),
    loadKeys(api),
    loadPalette(api, document.documentElement.style),
  ]);
}
