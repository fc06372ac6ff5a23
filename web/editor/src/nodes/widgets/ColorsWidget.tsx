/** A row of colours: press one to change it, + adds one, Delete or a double click takes one away. */
import { Plus } from "lucide-react";
import type { ColorsSpec } from "../../graph/widgets";
import { isArray } from "../../lib/json";
import { t } from "../../lib/t";
import { readColor } from "./ColorWidget";
import type { WidgetProps } from "./WidgetRow";

const MOST = 32;

type Props = Omit<WidgetProps<ColorsSpec>, "onCancel">;

export function ColorsWidget({ label, value, disabled, onChange, onDone }: Props) {
  const colors = (isArray(value) ? value : []).map((color) => readColor(String(color)) ?? "#000000");
  const without = (at: number) => onChange(colors.filter((_, i) => i !== at));
  return (
    <fieldset className="field field-colors" aria-label={label} disabled={disabled}>
      <span className="field-label">{label}</span>
      <span className="field-swatches">
        {colors.map((color, i) => (
          <input
            // biome-ignore lint/suspicious/noArrayIndexKey: a colour is its place in the row
            key={i}
            type="color"
            className="field-swatch"
            aria-label={`${label} ${i + 1}: ${color}`}
            title={t("Delete takes it away")}
            value={color}
            onChange={(e) =>
              onChange(
                colors.map((old, at) => (at === i ? e.target.value : old)),
                true,
              )
            }
            onBlur={onDone}
            onDoubleClick={() => without(i)}
            onKeyDown={(e) => {
              if (e.key !== "Delete" && e.key !== "Backspace") return;
              e.stopPropagation();
              e.preventDefault();
              without(i);
            }}
          />
        ))}
      </span>
      <button
        type="button"
        className="field-add"
        disabled={disabled || colors.length >= MOST}
        aria-label={t("Add a colour to {label}", { label })}
        onClick={() => onChange([...colors, colors.at(-1) ?? "#ffffff"])}
      >
        <Plus size={14} aria-hidden />
      </button>
    </fieldset>
  );
}
