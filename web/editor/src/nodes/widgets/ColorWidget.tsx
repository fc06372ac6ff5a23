/** A colour: the swatch opens the system's picker, the field takes `#rrggbb`. Some nodes keep it as the number 0xRRGGBB. */
import { type FocusEvent, useRef } from "react";
import type { ColorSpec, IntSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import { keepKeys, leaveField, useSynced } from "./fieldKeys";
import type { WidgetProps } from "./WidgetRow";

export function ColorWidget(props: WidgetProps<ColorSpec | IntSpec>) {
  const { label, spec, value, disabled, onChange, onDone } = props;
  const field = useRef<HTMLInputElement>(null);
  const color = readColor(typeof value === "string" ? value : numberAsColor(value)) ?? "#000000";
  useSynced(field, color);
  const change = (next: string, merge: boolean) =>
    onChange(spec.kind === "int" ? Number.parseInt(next.slice(1), 16) : next, merge);
  const typedColor = (e: FocusEvent<HTMLInputElement>) => {
    const next = readColor(e.target.value);
    if (next && next !== color) change(next, false);
    else e.target.value = color;
    onDone();
  };
  return (
    <div className="field field-color">
      <span className="field-label">{label}</span>
      <input
        ref={field}
        className="field-hex"
        aria-label={t("{label}, as a code", { label })}
        defaultValue={color}
        readOnly={disabled}
        spellCheck={false}
        maxLength={9}
        onBlur={typedColor}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) leaveField(e.currentTarget);
          keepKeys(e);
        }}
      />
      <input
        type="color"
        className="field-swatch"
        aria-label={label}
        value={color}
        disabled={disabled}
        onChange={(e) => change(e.target.value, true)}
        onBlur={onDone}
      />
    </div>
  );
}

/** `#rgb`, `rrggbb` and the like as `#rrggbb`; null for anything else. A trailing transparency is dropped. */
export function readColor(text: string): string | null {
  const hex = text.trim().replace(/^#/, "").toLowerCase();
  if (/^[\da-f]{3}$/.test(hex)) return `#${[...hex].map((digit) => digit + digit).join("")}`;
  return /^[\da-f]{6}([\da-f]{2})?$/.test(hex) ? `#${hex.slice(0, 6)}` : null;
}

function numberAsColor(value: unknown): string {
  const rgb = Math.min(0xffffff, Math.max(0, Number(value) || 0));
  return `#${Math.round(rgb).toString(16).padStart(6, "0")}`;
}
