/** `app.ui.settings` and `extension.settings`, turned into settings of the dialog. */
import { callingPack } from "../../features/packs/packs";
import {
  addPackSetting,
  type PackSetting,
  packSetting,
  setPackSetting,
} from "../../features/settings/packSettings";
import type { Json } from "../../lib/json";
import { guarded } from "../guard";
import { asJson } from "./domWidget";

export interface LegacySetting {
  readonly id: string;
  readonly name?: string;
  readonly type?: string | ((...args: unknown[]) => Node);
  readonly defaultValue?: unknown;
  readonly tooltip?: string;
  readonly attrs?: { readonly min?: number; readonly max?: number; readonly step?: number };
  readonly options?: readonly unknown[] | ((value: unknown) => readonly unknown[]);
  readonly onChange?: (value: unknown, before?: unknown) => unknown;
}

const KINDS: Readonly<Record<string, PackSetting["kind"]>> = {
  boolean: "toggle",
  number: "number",
  slider: "slider",
  combo: "combo",
  color: "color",
  hidden: "hidden",
};

export function addLegacySetting(setting: LegacySetting, known?: string | null): object {
  const pack = known ?? callingPack() ?? "";
  const { id, type, attrs = {}, onChange } = setting;
  const standard = asJson(setting.defaultValue);
  addPackSetting({
    id,
    pack,
    label: plain(setting.name ?? id),
    kind: typeof type === "function" ? "custom" : (KINDS[type ?? ""] ?? "text"),
    standard,
    tooltip: setting.tooltip ?? "",
    ...attrs,
    choices: choicesOf(setting, standard),
    render:
      typeof type === "function" ? (value, set) => rendered(type, setting, value, set, pack) : undefined,
    changed:
      onChange && ((value, before) => void guarded(`setting ${id}`, pack, () => onChange(value, before))),
  });
  return {
    get value() {
      return packSetting(id);
    },
    set value(value: unknown) {
      void setPackSetting(id, asJson(value));
    },
  };
}

function choicesOf({ options }: LegacySetting, value: Json): (readonly [Json, string])[] {
  const list = typeof options === "function" ? options(value) : (options ?? []);
  return list.map((option) => {
    if (typeof option !== "object" || option === null) return [asJson(option), String(option)];
    const { text, value: chosen } = option as { text?: string; value?: unknown };
    return [asJson(chosen ?? text), String(text ?? chosen)];
  });
}

function rendered(
  make: (...args: unknown[]) => Node,
  setting: LegacySetting,
  value: Json,
  set: (value: Json) => void,
  pack: string,
): Node {
  const keep = (next: unknown) => set(asJson(next));
  const made = guarded(`setting ${setting.id}`, pack, () => make(setting.name, keep, value, setting.attrs));
  return made instanceof Node ? made : document.createTextNode("");
}

function plain(name: string): string {
  return name.replace(/^[^\p{L}\p{N}]+/u, "") || name;
}
