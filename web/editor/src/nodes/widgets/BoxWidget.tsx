/** A rectangle in pixels: four numbers that belong together. */
import type { BoxSpec, IntSpec } from "../../graph/widgets";
import { isObject, type JsonObject } from "../../lib/json";
import { NumberWidget } from "./NumberWidget";
import type { WidgetProps } from "./WidgetRow";

const PARTS = ["x", "y", "width", "height"] as const;
const LARGEST = 16384;

export function BoxWidget({ label, spec, value, disabled, onChange, onDone }: WidgetProps<BoxSpec>) {
  const standard: JsonObject = isObject(spec.default) ? spec.default : {};
  const box: JsonObject = isObject(value) ? value : standard;
  return (
    <fieldset className="field-box" aria-label={label} disabled={disabled}>
      {PARTS.map((part) => (
        <NumberWidget
          key={part}
          label={part}
          spec={partSpec(part, standard)}
          value={box[part] ?? null}
          disabled={disabled}
          onChange={(next, merge) => onChange({ ...box, [part]: next }, merge)}
          onDone={onDone}
        />
      ))}
    </fieldset>
  );
}

function partSpec(part: (typeof PARTS)[number], standard: JsonObject): IntSpec {
  const least = part === "x" || part === "y" ? 0 : 1;
  const given = standard[part];
  return {
    kind: "int",
    look: "field",
    default: typeof given === "number" ? given : least,
    min: least,
    max: LARGEST,
    step: 1,
  };
}
