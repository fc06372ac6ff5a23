/** The settings of packs in the dialog, each pack's together. */
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import type { Json } from "../../lib/json";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";
import { type PackSetting, packSettings, setPackSetting } from "./packSettings";

interface Props {
  readonly query: string;
  /** Nothing else is shown. */
  readonly alone: boolean;
}

export function PackSettingRows({ query, alone }: Props) {
  const list = useStore(packSettings, (state) => state.list);
  const words = query.trim().toLowerCase();
  const shown = list.filter(
    ({ kind, label, pack }) => kind !== "hidden" && `${pack} ${label}`.toLowerCase().includes(words),
  );
  if (alone && !shown.length) return <p className="panel-quiet">{t("No setting of this name.")}</p>;
  const names = [...new Set(shown.map(({ pack }) => pack))];
  return names.map((pack) => (
    <section key={pack} aria-label={t("Settings of {pack}", { pack })}>
      <h2 className="settings-pack">{pack}</h2>
      {shown
        .filter((setting) => setting.pack === pack)
        .map((setting) => (
          <Row key={setting.id} setting={setting} />
        ))}
    </section>
  ));
}

function Row({ setting }: { readonly setting: PackSetting }) {
  const { id, label, tooltip, standard } = setting;
  const value = useStore(packSettings, ({ values }) => values[id]) ?? standard;
  const set = (next: Json) => {
    setPackSetting(id, next).catch((error: Error) =>
      showToast({
        kind: "error",
        topic: "settings",
        title: t("The server did not keep the setting"),
        body: error.message,
      }),
    );
  };
  if (setting.kind === "custom") return <Drawn setting={setting} value={value} set={set} />;
  return (
    <div className="setting" title={tooltip || undefined}>
      <label htmlFor={id}>{label}</label>
      <Control setting={setting} value={value} set={set} />
    </div>
  );
}

interface ControlProps {
  readonly setting: PackSetting;
  readonly value: Json;
  readonly set: (value: Json) => void;
}

function Control({ setting: { id, kind, choices, min, max, step }, value, set }: ControlProps) {
  switch (kind) {
    case "toggle":
      return (
        <input id={id} type="checkbox" checked={value === true} onChange={(e) => set(e.target.checked)} />
      );
    case "number":
    case "slider": {
      const type = kind === "slider" ? "range" : "number";
      const bounds = { min, max, step };
      return (
        <input
          id={id}
          type={type}
          {...bounds}
          value={Number(value)}
          onChange={(e) => set(Number(e.target.value))}
        />
      );
    }
    case "combo":
      return (
        <select
          id={id}
          value={choices.findIndex(([choice]) => choice === value)}
          onChange={(e) => set(choices[Number(e.target.value)]?.[0] ?? null)}
        >
          {choices.map(([choice, name], i) => (
            <option key={String(choice)} value={i}>
              {name}
            </option>
          ))}
        </select>
      );
    case "color":
      return (
        <input
          id={id}
          type="color"
          value={String(value ?? "#000000")}
          onChange={(e) => set(e.target.value)}
        />
      );
    default:
      return <input id={id} type="text" value={String(value ?? "")} onChange={(e) => set(e.target.value)} />;
  }
}

/** Old settings draw themselves, as a row of a table. */
function Drawn({ setting, value, set }: ControlProps) {
  const host = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is drawn once and keeps its own state
  useEffect(() => {
    const made = setting.render?.(value, set);
    if (made) host.current?.replaceChildren(made);
  }, [setting]);
  return <div ref={host} className="setting" />;
}
