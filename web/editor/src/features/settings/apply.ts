/** Carries settings over to the page itself; what is on the canvas listens for itself. */
import type { Settings, SettingsStore } from "./settings";

const LIGHT = "(prefers-color-scheme: light)";

export function shownTheme({ theme }: Settings): "dark" | "light" {
  if (theme !== "system") return theme;
  return matchMedia(LIGHT).matches ? "light" : "dark";
}

/** Now, and whenever settings or the system change. */
export function keepApplied({ store }: SettingsStore, changed: () => void): () => void {
  const apply = () => {
    const settings = store.getState();
    const root = document.documentElement;
    root.dataset.theme = shownTheme(settings);
    root.dataset.motion = settings.motion;
    root.dataset.nodeIds = settings.nodeIds;
    root.dataset.nodePacks = settings.nodePacks;
    root.style.fontSize = `${settings.textSize}%`;
    changed();
  };
  apply();
  const off = store.subscribe(apply);
  const system = matchMedia(LIGHT);
  system.addEventListener("change", apply);
  return () => {
    off();
    system.removeEventListener("change", apply);
  };
}
