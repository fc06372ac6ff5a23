import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { fuzzySearch } from "../../lib/fuzzy";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { showToast } from "../../ui/toasts";
import { useFeatures } from "../context";
import { PackSettingRows } from "./PackSettingRows";
import { PaletteRow } from "./PaletteRow";
import { SETTINGS, type Setting, type Settings } from "./settings";

export function SettingsDialog({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const words = SETTINGS.map(({ label, choices }) =>
    [label(), ...choices.map(([, name]) => name())].join(" "),
  );
  const shown = query.trim() ? fuzzySearch(words, query).flatMap((i) => SETTINGS[i] ?? []) : SETTINGS;
  return (
    <dialog ref={dialog} className="dialog" aria-label={t("Settings")} onClose={onClose}>
      <div className="dialog-head">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search settings")}
          placeholder={t("Search settings")}
          value={query}
          onChange={(e) => setQuery(e.target.value)}
        />
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
      {shown.map((setting) => (
        <Row key={setting.key} setting={setting} />
      ))}
      {!query.trim() && <PaletteRow />}
      <PackSettingRows query={query} alone={!shown.length} />
    </dialog>
  );
}

/** More choices than this are a list to choose from. */
const MOST_SEGMENTS = 5;

function Row({ setting: { key, label, choices } }: { readonly setting: Setting }) {
  const { settings } = useFeatures();
  const current = useStore(settings.store, (state) => state[key]);
  const choose = (value: string) => {
    settings.set(key, value as Settings[typeof key]).catch((error: Error) => {
      showToast({
        kind: "error",
        topic: "settings",
        title: t("The server did not keep the setting"),
        body: error.message,
      });
    });
  };
  if (choices.length > MOST_SEGMENTS) {
    return (
      <div className="setting">
        <label htmlFor={key}>{label()}</label>
        <select id={key} value={current} onChange={(e) => choose(e.target.value)}>
          {choices.map(([value, name]) => (
            <option key={value} value={value}>
              {name()}
            </option>
          ))}
        </select>
      </div>
    );
  }
  return (
    <fieldset className="setting">
      <legend>{label()}</legend>
      <div className="segments">
        {choices.map(([value, name]) => (
          <label key={value} className="segment">
            <input
              type="radio"
              className="sr-only"
              name={key}
              value={value}
              checked={value === current}
              onChange={() => choose(value)}
            />
            {name()}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
