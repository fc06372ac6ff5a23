/** Text. The field keeps its own undo while it has the focus; the whole visit is one step of the graph's undo. */
import { useEffect, useRef } from "react";
import type { TextSpec } from "../../graph/widgets";
import type { WidgetProps } from "./WidgetRow";

type Props = WidgetProps<TextSpec>;

export function TextWidget({ label, spec, value, disabled, onChange, onDone }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const text = String(value ?? "");
  useSynced(area, text);
  return (
    <textarea
      ref={area}
      className="field field-text"
      aria-label={label}
      placeholder={spec.placeholder || label}
      defaultValue={text}
      readOnly={disabled}
      spellCheck={false}
      onChange={(e) => onChange(e.target.value, true)}
      onBlur={onDone}
      onKeyDown={keepKeys}
    />
  );
}

export function LineWidget({ label, spec, value, disabled, onChange, onDone }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const text = String(value ?? "");
  useSynced(input, text);
  return (
    <label className="field field-line">
      <span className="field-label">{label}</span>
      <input
        ref={input}
        aria-label={label}
        placeholder={spec.placeholder}
        defaultValue={text}
        readOnly={disabled}
        spellCheck={false}
        onChange={(e) => onChange(e.target.value, true)}
        onBlur={onDone}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) e.currentTarget.blur();
          keepKeys(e);
        }}
      />
    </label>
  );
}

/** Follows changes that came from elsewhere (undo, paste) without touching what is being typed. */
function useSynced(
  field: React.RefObject<HTMLInputElement | HTMLTextAreaElement | null>,
  text: string,
): void {
  useEffect(() => {
    if (field.current && field.current.value !== text) field.current.value = text;
  }, [field, text]);
}

/** Ctrl+Enter still runs; everything else is the field's own, and Esc leaves it. */
function keepKeys(e: React.KeyboardEvent): void {
  const runs = e.key === "Enter" && (e.ctrlKey || e.metaKey);
  if (!runs && e.key !== "Escape") e.stopPropagation();
}
