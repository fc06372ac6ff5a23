/** What is to be in a box: an object or a lettering, in words and colours. */
import { useRef } from "react";
import { isArray, isObject, type JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import { ColorsWidget } from "./ColorsWidget";
import { keepKeys, useSynced } from "./fieldKeys";

interface Props {
  /** Absent: none is chosen. The rows stay, so that the canvas keeps its place. */
  readonly box: JsonObject | undefined;
  readonly disabled: boolean;
  readonly onChange: (metadata: JsonObject, merge?: boolean) => void;
  readonly onDone: () => void;
}

export function BoxDetails({ box, disabled: locked, onChange, onDone }: Props) {
  const disabled = locked || !box;
  const about: JsonObject = {
    type: "obj",
    text: "",
    desc: "",
    palette: [],
    ...(isObject(box?.metadata) ? box.metadata : {}),
  };
  const isText = about.type === "text";
  return (
    <>
      <div className="boxes-row">
        <select
          aria-label={t("What it is")}
          value={isText ? "text" : "obj"}
          disabled={disabled}
          onChange={(e) => onChange({ ...about, type: e.target.value })}
        >
          <option value="obj">{t("Object")}</option>
          <option value="text">{t("Lettering")}</option>
        </select>
        <ColorsWidget
          label={t("Colours")}
          spec={{ kind: "colors", default: [] }}
          value={isArray(about.palette) ? about.palette : []}
          disabled={disabled}
          onChange={(palette, merge) => onChange({ ...about, palette }, merge)}
          onDone={onDone}
        />
      </div>
      <div className="boxes-row">
        {isText && (
          <Line
            label={t("Its letters")}
            value={String(about.text)}
            disabled={disabled}
            onChange={(text) => onChange({ ...about, text })}
          />
        )}
        <Line
          label={t("Description")}
          value={String(about.desc)}
          disabled={disabled}
          onChange={(desc) => onChange({ ...about, desc })}
        />
      </div>
    </>
  );
}

interface LineProps {
  readonly label: string;
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (text: string) => void;
}

function Line({ label, value, disabled, onChange }: LineProps) {
  const field = useRef<HTMLInputElement>(null);
  useSynced(field, value);
  return (
    <input
      ref={field}
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      readOnly={disabled}
      onBlur={(e) => e.target.value !== value && onChange(e.target.value)}
      onKeyDown={(e) => {
        if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) e.currentTarget.blur();
        keepKeys(e);
      }}
    />
  );
}
