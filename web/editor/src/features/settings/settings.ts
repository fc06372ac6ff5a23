/**
 * What a person has set. The server keeps it; a copy in the browser lets the page begin with it, and holds what the server
 * has not taken yet.
 */
import { createStore } from "zustand/vanilla";
import type { Api } from "../../api/http";
import type { LinkStyle } from "../../canvas/curve";
import type { Gestures } from "../../canvas/gestures";
import type { Json } from "../../lib/json";
import { LANGUAGES, type Language } from "../../lib/languages";
import { type Label, t } from "../../lib/t";

export interface Settings {
  readonly language: Language | "system";
  readonly theme: "system" | "dark" | "light";
  readonly textSize: "90" | "100" | "115" | "130";
  readonly motion: "system" | "none";
  readonly linkStyle: LinkStyle;
  readonly snap: "off" | "on";
  readonly wheel: Gestures["wheel"];
  readonly drag: Gestures["drag"];
  readonly minimap: "off" | "on";
  readonly seedChange: "after" | "before";
  readonly packs: "off" | "on";
  readonly nodeIds: "off" | "on";
  readonly nodePacks: "off" | "on";
}

export interface Setting {
  readonly key: keyof Settings;
  /** Its name on the server. */
  readonly id: string;
  readonly label: Label;
  /** What holds until something else is chosen. */
  readonly standard: string;
  /** Value and name of each choice. */
  readonly choices: readonly (readonly [string, Label])[];
}

const SWITCH = [
  ["off", () => t("Off")],
  ["on", () => t("On")],
] as const;

export const SETTINGS: readonly Setting[] = [
  {
    key: "language",
    // ComfyUI's own: packs look there for the language to speak.
    id: "Comfy.Locale",
    label: () => t("Language"),
    standard: "system",
    choices: [
      ["system", () => t("As the browser")],
      ...LANGUAGES.map(([tag, name]) => [tag, () => name] as const),
    ],
  },
  {
    key: "theme",
    id: "Easel.Theme",
    label: () => t("Theme"),
    standard: "system",
    choices: [
      ["system", () => t("As the system")],
      ["dark", () => t("Dark")],
      ["light", () => t("Light")],
    ],
  },
  {
    key: "textSize",
    id: "Easel.TextSize",
    label: () => t("Text size"),
    standard: "100",
    choices: [
      ["90", () => t("Small")],
      ["100", () => t("Medium")],
      ["115", () => t("Large")],
      ["130", () => t("Largest")],
    ],
  },
  {
    key: "motion",
    id: "Easel.Motion",
    label: () => t("Animation"),
    standard: "system",
    choices: [
      ["system", () => t("As the system")],
      ["none", () => t("None")],
    ],
  },
  {
    key: "linkStyle",
    id: "Easel.LinkStyle",
    label: () => t("Links"),
    standard: "curved",
    choices: [
      ["curved", () => t("Curved")],
      ["straight", () => t("Straight")],
      ["stepped", () => t("Stepped")],
      ["hidden", () => t("Hidden")],
    ],
  },
  { key: "snap", id: "Easel.Snap", label: () => t("Snap to grid"), standard: "off", choices: SWITCH },
  {
    key: "wheel",
    id: "Easel.Wheel",
    label: () => t("Wheel"),
    standard: "device",
    choices: [
      ["device", () => t("By device")],
      ["zoom", () => t("Zooms")],
      ["pan", () => t("Moves the view")],
    ],
  },
  {
    key: "drag",
    id: "Easel.Drag",
    label: () => t("Drag on nothing"),
    standard: "pan",
    choices: [
      ["pan", () => t("Moves the view")],
      ["select", () => t("Selects")],
    ],
  },
  { key: "minimap", id: "Easel.Minimap", label: () => t("Minimap"), standard: "off", choices: SWITCH },
  {
    key: "seedChange",
    id: "Easel.SeedChange",
    label: () => t("Seeds change"),
    standard: "after",
    choices: [
      ["after", () => t("After a run")],
      ["before", () => t("Before a run")],
    ],
  },
  {
    key: "nodeIds",
    id: "Easel.NodeIds",
    label: () => t("Numbers on nodes"),
    standard: "off",
    choices: SWITCH,
  },
  {
    key: "nodePacks",
    id: "Easel.NodePacks",
    label: () => t("Packs on nodes"),
    standard: "off",
    choices: SWITCH,
  },
  { key: "packs", id: "Easel.Packs", label: () => t("Scripts of packs"), standard: "on", choices: SWITCH },
];

export const COPY = "easel.settings";
const UNSENT = "easel.settings.unsent";

export type SettingsApi = Pick<Api, "settings" | "changeSettings">;

export class SettingsStore {
  readonly store = createStore<Settings>(() => read(stored(COPY)));

  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly api: SettingsApi) {}

  get(): Settings {
    return this.store.getState();
  }

  /** Takes over what the server has, except what it has not been told yet. */
  async load(): Promise<void> {
    const { sending } = this;
    await sending;
    const kept = await this.api.settings();
    // Something was set meanwhile: what the server says may be older than that.
    if (sending !== this.sending) return;
    const unsent = stored(UNSENT);
    this.keep({ ...kept, ...unsent });
    if (Object.keys(unsent).length) await this.send(unsent);
  }

  /** Rejects when the server did not take it; it holds in this browser all the same, and is sent at the next start. */
  async set<K extends keyof Settings>(key: K, value: Settings[K]): Promise<void> {
    const id = SETTINGS.find((setting) => setting.key === key)?.id ?? key;
    this.keep({ ...stored(COPY), [id]: value });
    const unsent = { ...stored(UNSENT), [id]: value };
    localStorage.setItem(UNSENT, JSON.stringify(unsent));
    await this.send(unsent);
  }

  private keep(values: Readonly<Record<string, Json | undefined>>): void {
    const known = Object.fromEntries(SETTINGS.map(({ id }) => [id, values[id]]));
    localStorage.setItem(COPY, JSON.stringify(known));
    this.store.setState(read(known));
  }

  /** One after the other: what is set last is what the server keeps. */
  private async send(changes: Record<string, Json | undefined>): Promise<void> {
    const sent = this.sending.then(() => this.api.changeSettings(changes));
    this.sending = sent.catch(() => {});
    await sent;
    if (JSON.stringify(stored(UNSENT)) === JSON.stringify(changes)) localStorage.removeItem(UNSENT);
  }
}

/** A value that is none of the choices counts as not set. */
function read(values: Readonly<Record<string, Json | undefined>>): Settings {
  const entries = SETTINGS.map(({ key, id, standard, choices }) => {
    const known = choices.some(([value]) => value === values[id]);
    return [key, known ? values[id] : standard];
  });
  return Object.fromEntries(entries) as Settings;
}

function stored(key: string): Record<string, Json | undefined> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, Json>) : {};
  } catch {
    return {};
  }
}
