/** What the keys of a prompt field do to its text: weights in brackets, and names that are being typed. */

/** Replace `start`..`end` by `text` and select `from`..`to` then. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const BREAKS = /[\s,.()[\]{}<>|:]/;
const WEIGHTED = /^\((.*):([-+]?\d*\.?\d+)\)$/s;

/** `cat` becomes `(cat:1.05)`; a weight of 1 takes the brackets away again. Null where there is nothing to weigh. */
export function changeWeight(text: string, start: number, end: number, by: number): TextEdit | null {
  const [from, to] = weighed(text, start, end);
  if (from === to) return null;
  const [, inner = text.slice(from, to), old = "1"] = WEIGHTED.exec(text.slice(from, to)) ?? [];
  const weight = Math.round((Number(old) + by) * 100) / 100;
  const next = weight === 1 ? inner : `(${inner}:${weight})`;
  return { start: from, end: to, text: next, from, to: from + next.length };
}

/** The selection without blanks at its ends; without one, the brackets around the caret, or else the word at it. */
function weighed(text: string, start: number, end: number): [number, number] {
  if (start !== end) {
    while (start < end && /\s/.test(text[start] as string)) start++;
    while (end > start && /\s/.test(text[end - 1] as string)) end--;
    return [start, end];
  }
  const brackets = enclosing(text, start);
  if (brackets) return brackets;
  let [from, to] = [start, start];
  while (from > 0 && !BREAKS.test(text[from - 1] as string)) from--;
  while (to < text.length && !BREAKS.test(text[to] as string)) to++;
  return [from, to];
}

/** The innermost `(…:1.2)` around a place. */
function enclosing(text: string, at: number): [number, number] | null {
  let depth = 0;
  for (let open = at - 1; open >= 0; open--) {
    if (text[open] === ")") depth++;
    else if (text[open] === "(" && depth-- === 0) {
      const close = closing(text, open);
      return close !== null && WEIGHTED.test(text.slice(open, close)) ? [open, close] : null;
    }
  }
  return null;
}

function closing(text: string, open: number): number | null {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return i + 1;
  }
  return null;
}

export interface NameBeingTyped {
  readonly kind: "embedding" | "lora";
  /** Where the name begins; it ends at the caret. */
  readonly start: number;
  readonly query: string;
}

/** Whether the caret is behind `embedding:` or `<lora:` and the beginning of a name. */
export function nameBeingTyped(text: string, caret: number): NameBeingTyped | null {
  const match = /(embedding:|<lora:)([^\s,:()<>]*)$/i.exec(text.slice(0, caret));
  if (!match) return null;
  const query = match[2] ?? "";
  const kind = match[1]?.startsWith("<") ? "lora" : "embedding";
  return { kind, start: caret - query.length, query };
}

/** The chosen name in place of what was typed of it; a LoRA gets its strength and its closing bracket. */
export function completeName(typed: NameBeingTyped, caret: number, name: string): TextEdit {
  const plain = name.replace(/\.(safetensors|pt|ckpt|bin)$/i, "");
  const text = typed.kind === "lora" ? `${plain}:1>` : plain;
  const at = typed.start + text.length;
  return { start: typed.start, end: caret, text, from: at, to: at };
}
