/** Dark or light: what was chosen, else what the system prefers. */
const KEY = "easel.theme";

export type ThemeName = "dark" | "light";

export function currentTheme(): ThemeName {
  const stored = localStorage.getItem(KEY);
  if (stored === "dark" || stored === "light") return stored;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function applyTheme(theme: ThemeName): void {
  document.documentElement.dataset.theme = theme;
}

export function switchTheme(): ThemeName {
  const next = currentTheme() === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, next);
  applyTheme(next);
  return next;
}
