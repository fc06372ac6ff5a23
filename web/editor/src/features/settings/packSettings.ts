/** Settings that packs have added. They are kept on the server under the packs' own names. */
import { createStore } from "zustand/vanilla";
import type { Json, JsonObject } from "../../lib/json";
import type { SettingsApi } from "./settings";

export interface PackSetting {
  readonly id: string;
  readonly label: string;
  readonly pack: string;
  readonly kind: "toggle" | "number" | "slider" | "text" | "combo" | "color" | "custom" | "hidden";
  readonly standard: Json;
  readonly tooltip: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** Value and name of each choice of a combo. */
  readonly choices: readonly (readonly [Json, string])[];
  /** Draws the control itself. */
  readonly render?: (value: Json, set: (value: Json) => void) => Node;
  /** Hears the value once at the start, and each change. */
  readonly changed?: (value: Json, before: Json | undefined) => void;
}

interface PackSettings {
  readonly list: readonly PackSetting[];
  readonly values: Readonly<Record<string, Json | undefined>>;
}

export const packSettings = createStore<PackSettings>(() => ({ list: [], values: {} }));

let server: SettingsApi | null = null;

export async function loadPackSettings(api: SettingsApi): Promise<void> {
  server = api;
  const values: JsonObject = await api.settings();
  packSettings.setState({ values });
}

export function addPackSetting(setting: PackSetting): void {
  packSettings.setState(({ list }) => ({ list: [...list.filter(({ id }) => id !== setting.id), setting] }));
  setting.changed?.(packSetting(setting.id) ?? setting.standard, undefined);
}

export function packSetting(id: string): Json | undefined {
  const { list, values } = packSettings.getState();
  return values[id] ?? list.find((setting) => setting.id === id)?.standard;
}

/** Rejects when the server did not keep it; in this page it holds all the same. */
export async function setPackSetting(id: string, value: Json): Promise<void> {
  const before = packSetting(id);
  packSettings.setState(({ values }) => ({ values: { ...values, [id]: value } }));
  packSettings
    .getState()
    .list.find((setting) => setting.id === id)
    ?.changed?.(value, before);
  await server?.changeSettings({ [id]: value });
}
