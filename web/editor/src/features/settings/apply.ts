/** Carries settings over to the page itself; what is on the canvas listens for itself. */
import type { Settings, SettingsStore } from "./settings";

const LIGHT = "(prefers-color-scheme: light)";

export function shownTheme({ theme }: Settings): "dark" | "light" {
  if (theme !== "system") return theme;
  return matchMedia(LIGHT).matches ? "light" : "dark";
}

/** Calls back whenever settings or the system's theme change. */
export function watchSettings({ store }: SettingsStore, changed: () => void): () => void {
  const off = store.subscribe(changed);
  const system = matchMedia(LIGHT);
  system.addEventListener("change", changed);
  return () => {
    off();
    system.removeEventListener("change", changed);
  };
}

/** Now, and whenever settings or the system change. */
export function keepApplied(settingsStore: SettingsStore, changed: () => void): () => void {
  const apply = () => {
    const settings = settingsStore.get();
    const root = document.documentElement;
    root.dataset.theme = shownTheme(settings);
    root.dataset.motion = settings.motion;
    root.dataset.nodeIds = settings.nodeIds;
    root.dataset.nodePacks = settings.nodePacks;
    root.style.fontSize = `${settings.textSize}%`;
    changed();
  };
  apply();
  return watchSettings(settingsStore, apply);
}
