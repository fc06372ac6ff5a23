/** A number shown as part of its range: press or drag anywhere, arrows to step, Enter or a double click to type. */
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { clamp } from "../../lib/geometry";
import { follow } from "./follow";
import { backToField, NumberInput } from "./NumberWidget";
import {
  beginning,
  type NumberSpec,
  numberOf,
  settled,
  shownNumber,
  stepped,
  stepsOf,
  typed,
} from "./numberValue";
import type { WidgetProps } from "./WidgetRow";

export function SliderWidget(props: WidgetProps<NumberSpec>) {
  const { label, spec, value, disabled, onChange, onDone, onCancel } = props;
  const [typing, setTyping] = useState<{ text: string; begun: boolean } | null>(null);
  const field = useRef<HTMLDivElement>(null);
  const current = numberOf(spec, value);
  const [min, max] = [Number(spec.min), Number(spec.max)];
  const part = max > min ? clamp((Number(current) - min) / (max - min), 0, 1) : 0;

  const press = (e: PointerEvent<HTMLDivElement>) => {
    if (e.button !== 0 || disabled) return;
    const box = e.currentTarget.getBoundingClientRect();
    const slide = ({ clientX }: { readonly clientX: number }) => {
      const at = min + clamp((clientX - box.left) / box.width, 0, 1) * (max - min);
      const steps = Math.round((at - min) / Number(spec.step));
      onChange(settled(spec, stepped(spec, spec.min ?? 0, steps)), true);
    };
    onDone();
    slide(e);
    follow(e, { move: slide, up: onDone, cancel: onCancel });
  };
  const type = () => setTyping({ text: shownNumber(spec, current), begun: false });
  const key = (e: KeyboardEvent) => {
    const [steps, begun] = [stepsOf(e), beginning(e)];
    if (steps !== null) onChange(stepped(spec, current, steps), true);
    else if (e.key === "Home") onChange(settled(spec, min));
    else if (e.key === "End") onChange(settled(spec, max));
    else if (e.key === "Enter" && !e.ctrlKey && !e.metaKey && !e.altKey) type();
    else if (begun !== null) setTyping({ text: begun, begun: true });
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const finish = (text: string | null, refocus: boolean) => {
    const next = text === null ? null : typed(spec, text, current);
    if (refocus) backToField(() => setTyping(null), field);
    else setTyping(null);
    if (next !== null && next !== current) onChange(next);
  };

  if (typing) return <NumberInput label={label} {...typing} onFinish={finish} />;
  return (
    <div
      ref={field}
      className="field field-slider"
      role="slider"
      tabIndex={disabled ? -1 : 0}
      aria-label={label}
      aria-disabled={disabled}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={Number(current)}
      aria-valuetext={shownNumber(spec, current)}
      style={{ "--part": part } as CSSProperties}
      onPointerDown={press}
      onDoubleClick={() => !disabled && type()}
      onKeyDown={key}
      onBlur={onDone}
    >
      <span className="field-label">{label}</span>
      <span className="field-value">{shownNumber(spec, current)}</span>
    </div>
  );
}
