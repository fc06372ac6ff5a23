/** Carries settings over to the page itself; what is on the canvas listens for itself. */
import { speakAsSet } from "./language";
import { COPY, type Settings, type SettingsStore } from "./settings";

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

/** Calls back when another window has changed settings, and when this one is looked at again: another browser may have. */
export function watchElsewhere(changed: () => void): () => void {
  const stored = ({ key }: StorageEvent) => key === COPY && changed();
  window.addEventListener("storage", stored);
  window.addEventListener("focus", changed);
  return () => {
    window.removeEventListener("storage", stored);
    window.removeEventListener("focus", changed);
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
    void speakAsSet(settings);
    changed();
  };
  apply();
  return watchSettings(settingsStore, apply);
}
