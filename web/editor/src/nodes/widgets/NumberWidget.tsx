/**
 * A number: drag sideways, click to type it or a sum, arrows to step. Shift goes finer, Ctrl coarser. Integers stay exact
 * to 64 bits.
 */
import {
  type KeyboardEvent,
  type PointerEvent as PressEvent,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import type { FloatSpec, IntSpec } from "../../graph/widgets";
import { clamp } from "../../lib/geometry";
import { t } from "../../lib/t";
import { keepKeys } from "./fieldKeys";
import { follow } from "./follow";
import { beginning, numberOf, settled, shownNumber, stepped, stepsLeft, stepsOf, typed } from "./numberValue";
import type { WidgetProps } from "./WidgetRow";

type Props = WidgetProps<IntSpec | FloatSpec>;

const PIXELS_PER_STEP = 6;

export function NumberWidget({ label, spec, value, disabled, onChange, onDone, onCancel }: Props) {
  const [typing, setTyping] = useState<{ text: string; begun: boolean } | null>(null);
  const field = useRef<HTMLDivElement>(null);
  const current = numberOf(spec, value);

  const stepBy = (steps: number, merge: boolean) => onChange(stepped(spec, current, steps), merge);

  const key = (e: KeyboardEvent) => {
    const [steps, begun] = [stepsOf(e), beginning(e)];
    // Combinations such as Ctrl+Enter and Alt+1 are those of the page.
    const plain = !e.ctrlKey && !e.metaKey && !e.altKey;
    if (steps !== null) stepBy(steps, true);
    else if (e.key === "Home" && spec.min !== undefined) onChange(settled(spec, spec.min));
    else if (e.key === "End" && spec.max !== undefined) onChange(settled(spec, spec.max));
    else if (e.key === "Enter" && plain) setTyping({ text: shownNumber(spec, current), begun: false });
    else if (begun !== null) setTyping({ text: begun, begun: true });
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  const press = (e: PressEvent<HTMLDivElement>) => {
    if (e.button !== 0 || disabled) return;
    onDone();
    drag(
      e,
      stepsLeft(spec, current),
      (steps) => onChange(stepped(spec, current, steps), true),
      (dragged) => {
        onDone();
        if (!dragged) setTyping({ text: shownNumber(spec, current), begun: false });
      },
      onCancel,
    );
  };

  const finish = (text: string | null, refocus: boolean) => {
    const next = text === null ? null : typed(spec, text, current);
    if (refocus) backToField(() => setTyping(null), field);
    else setTyping(null);
    if (next !== null && next !== current) onChange(next);
  };

  if (typing !== null) return <NumberInput label={label} {...typing} onFinish={finish} />;
  return (
    <div className="field field-number" data-disabled={disabled || undefined}>
      <Step label={t("Decrease {label}", { label })} disabled={disabled} onStep={() => stepBy(-1, false)} />
      <div
        ref={field}
        className="field-drag"
        role="spinbutton"
        tabIndex={disabled ? -1 : 0}
        aria-label={label}
        aria-disabled={disabled}
        aria-valuenow={Number(current)}
        aria-valuetext={shownNumber(spec, current)}
        aria-valuemin={spec.min === undefined ? undefined : Number(spec.min)}
        aria-valuemax={spec.max === undefined ? undefined : Number(spec.max)}
        onPointerDown={press}
        onKeyDown={key}
        onBlur={onDone}
      >
        <span className="field-label">{label}</span>
        <span className="field-value">{shownNumber(spec, current)}</span>
      </div>
      <Step label={t("Increase {label}", { label })} disabled={disabled} up onStep={() => stepBy(1, false)} />
    </div>
  );
}

interface StepProps {
  readonly label: string;
  readonly disabled: boolean;
  readonly up?: boolean;
  readonly onStep: () => void;
}

function Step({ label, disabled, up, onStep }: StepProps) {
  return (
    <button
      type="button"
      className="field-step"
      tabIndex={-1}
      disabled={disabled}
      aria-label={label}
      onClick={onStep}
    >
      {up ? "›" : "‹"}
    </button>
  );
}

interface InputProps {
  readonly label: string;
  readonly text: string;
  /** Whether `text` is the first thing typed, and not the value that was shown. */
  readonly begun: boolean;
  readonly onFinish: (text: string | null, refocus: boolean) => void;
}

export function NumberInput({ label, text, begun, onFinish }: InputProps) {
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
    // A digit that began the typing stays; a shown value is replaced by what is typed.
    if (!begun) input.current?.select();
  }, [begun]);
  const finish = (value: string | null, refocus: boolean) => {
    if (done.current) return;
    done.current = true;
    onFinish(value, refocus);
  };
  return (
    <input
      ref={input}
      className="field field-typing"
      aria-label={label}
      inputMode="decimal"
      defaultValue={text}
      onBlur={(e) => finish(e.target.value, false)}
      onKeyDown={(e) => {
        keepKeys(e);
        if (e.nativeEvent.isComposing) return;
        if (e.key === "Enter") finish(e.currentTarget.value, true);
        if (e.key !== "Escape") return;
        e.stopPropagation(); // it goes back to the field, not to the node
        finish(null, true);
      }}
    />
  );
}

/** Ends the typing and gives the field the focus at once: the next key, which may be Tab already, starts from there. */
export function backToField(endTyping: () => void, field: RefObject<HTMLElement | null>): void {
  flushSync(endTyping);
  field.current?.focus({ preventScroll: true });
}

/** What goes beyond the limits is not counted: on the way back the value follows at once. */
function drag(
  e: PressEvent<HTMLDivElement>,
  [fewest, most]: readonly [number, number],
  onSteps: (steps: number) => void,
  onUp: (dragged: boolean) => void,
  onCancel: () => void,
): void {
  const element = e.currentTarget;
  let last = e.clientX;
  let steps = 0;
  let dragged = false;
  const ended = (then: () => void) => () => {
    element.removeAttribute("data-dragging");
    then();
  };
  follow(e, {
    move: (to) => {
      if (!dragged && Math.abs(to.clientX - e.clientX) < 4) return;
      dragged = true;
      element.toggleAttribute("data-dragging", true);
      const speed = to.ctrlKey || to.metaKey ? 10 : to.shiftKey ? 0.1 : 1;
      steps = clamp(steps + ((to.clientX - last) / PIXELS_PER_STEP) * speed, fewest, most);
      last = to.clientX;
      onSteps(steps);
    },
    up: ended(() => onUp(dragged)),
    cancel: ended(onCancel),
  });
}
