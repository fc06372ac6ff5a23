/**
 * Text. The field keeps its own undo while it has the focus; the whole visit is one step of the graph's undo. In prompts,
 * Ctrl+Up and Ctrl+Down weigh words, and names of embeddings and LoRAs are completed.
 */
import { type KeyboardEvent, useRef, useState } from "react";
import type { TextSpec } from "../../graph/widgets";
import {
  changeWeight,
  completeName,
  type NameBeingTyped,
  nameBeingTyped,
  type TextEdit,
} from "../../lib/promptText";
import { keepKeys, leaveField, useSynced } from "./fieldKeys";
import { NameList, useNames } from "./NameList";
import type { WidgetProps } from "./WidgetRow";

type Props = WidgetProps<TextSpec>;

const WEIGHT_STEP = 0.05;

export function TextWidget({ label, spec, value, disabled, onChange, onDone }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState<NameBeingTyped | null>(null);
  const [active, setActive] = useState(0);
  const names = useNames(typed);
  const text = String(value ?? "");
  useSynced(area, text);

  const look = (field: HTMLTextAreaElement) => {
    const { selectionStart: caret, selectionEnd: end } = field;
    setTyped(caret === end ? nameBeingTyped(field.value, caret) : null);
    setActive(0);
  };
  const complete = (name: string) => {
    const field = area.current;
    if (!field || !typed) return;
    replace(field, completeName(typed, field.selectionStart, name));
    setTyped(null);
  };
  const key = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (e.nativeEvent.isComposing) return e.stopPropagation();
    const by = e.key === "ArrowUp" ? 1 : e.key === "ArrowDown" ? -1 : 0;
    if (names.length && !e.ctrlKey && !e.metaKey && chooses(e, by)) e.preventDefault();
    else if (by && (e.ctrlKey || e.metaKey) && !disabled) {
      e.preventDefault();
      const { value: whole, selectionStart, selectionEnd } = e.currentTarget;
      const edit = changeWeight(whole, selectionStart, selectionEnd, by * WEIGHT_STEP);
      if (edit) replace(e.currentTarget, edit);
    }
    keepKeys(e);
  };
  /** Keys of the open list of names. */
  const chooses = (e: KeyboardEvent, by: number): boolean => {
    const name = names[active];
    if (by) setActive((active - by + names.length) % names.length);
    else if ((e.key === "Enter" || e.key === "Tab") && name) complete(name);
    else if (e.key === "Escape") {
      setTyped(null);
      e.stopPropagation();
    } else return false;
    return true;
  };

  return (
    <>
      <textarea
        ref={area}
        className="field field-text"
        aria-label={label}
        aria-autocomplete="list"
        placeholder={spec.placeholder || label}
        defaultValue={text}
        readOnly={disabled}
        spellCheck={false}
        onChange={(e) => {
          onChange(e.target.value, true);
          look(e.target);
        }}
        onBlur={() => {
          setTyped(null);
          onDone();
        }}
        onKeyDown={key}
      />
      {names.length > 0 && (
        <NameList field={area.current} names={names} active={active} onActive={setActive} onPick={complete} />
      )}
    </>
  );
}

/** Through the browser's own editing, so that its undo knows of it. */
function replace(field: HTMLTextAreaElement, { start, end, text, from, to }: TextEdit): void {
  field.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) field.setRangeText(text, start, end);
  field.setSelectionRange(from, to);
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
          if (e.nativeEvent.isComposing) return e.stopPropagation();
          if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) leaveField(e.currentTarget);
          keepKeys(e);
        }}
      />
    </label>
  );
}
