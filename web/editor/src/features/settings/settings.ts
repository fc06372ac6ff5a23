/**
 * What a person has set. The server keeps it; a copy in the browser lets the page begin with it, and holds what the server
 * has not taken yet.
 */
import { createStore } from "zustand/vanilla";
import type { Api } from "../../api/http";
import type { LinkStyle } from "../../canvas/curve";
import type { Gestures } from "../../canvas/gestures";
import type { Json } from "../../lib/json";

export interface Settings {
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
  readonly label: string;
  /** What holds until something else is chosen. */
  readonly standard: string;
  /** Value and name of each choice. */
  readonly choices: readonly (readonly [string, string])[];
}

const SWITCH = [
  ["off", "Off"],
  ["on", "On"],
] as const;

export const SETTINGS: readonly Setting[] = [
  {
    key: "theme",
    id: "Easel.Theme",
    label: "Theme",
    standard: "system",
    choices: [
      ["system", "As the system"],
      ["dark", "Dark"],
      ["light", "Light"],
    ],
  },
  {
    key: "textSize",
    id: "Easel.TextSize",
    label: "Text size",
    standard: "100",
    choices: [
      ["90", "Small"],
      ["100", "Medium"],
      ["115", "Large"],
      ["130", "Largest"],
    ],
  },
  {
    key: "motion",
    id: "Easel.Motion",
    label: "Animation",
    standard: "system",
    choices: [
      ["system", "As the system"],
      ["none", "None"],
    ],
  },
  {
    key: "linkStyle",
    id: "Easel.LinkStyle",
    label: "Links",
    standard: "curved",
    choices: [
      ["curved", "Curved"],
      ["straight", "Straight"],
      ["stepped", "Stepped"],
      ["hidden", "Hidden"],
    ],
  },
  { key: "snap", id: "Easel.Snap", label: "Snap to grid", standard: "off", choices: SWITCH },
  {
    key: "wheel",
    id: "Easel.Wheel",
    label: "Wheel",
    standard: "device",
    choices: [
      ["device", "By device"],
      ["zoom", "Zooms"],
      ["pan", "Moves the view"],
    ],
  },
  {
    key: "drag",
    id: "Easel.Drag",
    label: "Drag on nothing",
    standard: "pan",
    choices: [
      ["pan", "Moves the view"],
      ["select", "Selects"],
    ],
  },
  { key: "minimap", id: "Easel.Minimap", label: "Minimap", standard: "off", choices: SWITCH },
  {
    key: "seedChange",
    id: "Easel.SeedChange",
    label: "Seeds change",
    standard: "after",
    choices: [
      ["after", "After a run"],
      ["before", "Before a run"],
    ],
  },
  { key: "nodeIds", id: "Easel.NodeIds", label: "Numbers on nodes", standard: "off", choices: SWITCH },
  { key: "nodePacks", id: "Easel.NodePacks", label: "Packs on nodes", standard: "off", choices: SWITCH },
  { key: "packs", id: "Easel.Packs", label: "Scripts of packs", standard: "on", choices: SWITCH },
];

export const COPY = "easel.settings";
const UNSENT = "easel.settings.unsent";

export type SettingsApi = Pick<Api, "settings" | "changeSettings">;

export class SettingsStore {
  readonly store = createStore<Settings>(() => read(stored(COPY)));

  constructor(private readonly api: SettingsApi) {}

  get(): Settings {
    return this.store.getState();
  }

  /** Takes over what the server has, except what it has not been told yet. */
  async load(): Promise<void> {
    const kept = await this.api.settings();
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

  private async send(changes: Record<string, Json | undefined>): Promise<void> {
    await this.api.changeSettings(changes);
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
