import type { ToggleSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import type { WidgetProps } from "./WidgetRow";

export function ToggleWidget({ label, spec, value, disabled, onChange }: WidgetProps<ToggleSpec>) {
  const on = value === true;
  return (
    <button
      type="button"
      className="field field-toggle"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <span className="field-label">{label}</span>
      <span className="field-value">{on ? spec.on || t("On") : spec.off || t("Off")}</span>
      <span className="toggle" aria-hidden />
    </button>
  );
}
