/** A value of a kind that only its node knows, edited as the JSON it is kept as. */
import { useRef, useState } from "react";
import type { OpaqueSpec } from "../../graph/widgets";
import { type Json, parseJson, stringifyJson } from "../../lib/json";
import { t } from "../../lib/t";
import { keepKeys, leaveField, useSynced } from "./fieldKeys";
import type { WidgetProps } from "./WidgetRow";

export function JsonWidget({ label, value, disabled, onChange }: WidgetProps<OpaqueSpec>) {
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState(false);
  const text = shown(value);
  useSynced(input, text);
  const finish = (entered: string) => {
    if (entered === text) return setWrong(false);
    const next = read(entered, value);
    setWrong(next === undefined);
    if (next !== undefined) onChange(next);
  };
  return (
    <label
      className="field field-line"
      title={wrong ? t("This is not JSON") : text}
      data-wrong={wrong || undefined}
    >
      <span className="field-label">{label}</span>
      <input
        ref={input}
        aria-label={label}
        aria-invalid={wrong}
        defaultValue={text}
        readOnly={disabled}
        spellCheck={false}
        onBlur={(e) => finish(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) leaveField(e.currentTarget);
          keepKeys(e);
        }}
      />
    </label>
  );
}

function shown(value: Json): string {
  return value === null ? "" : typeof value === "string" ? value : stringifyJson(value);
}

/** A plain word stays one where the value is text. */
function read(text: string, before: Json): Json | undefined {
  if (!text.trim()) return typeof before === "string" ? "" : null;
  try {
    return typeof before === "string" ? text : parseJson(text);
  } catch {
    return before === null ? text : undefined;
  }
}
