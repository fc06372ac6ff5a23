/** What number widgets have in common: reading, stepping and writing the value of their input. */
import type { FloatSpec, IntSpec } from "../../graph/widgets";
import { calculate } from "../../lib/arithmetic";
import type { Json } from "../../lib/json";
import {
  addFloat,
  addInt,
  clampFloat,
  clampInt,
  decimals,
  type Numeric,
  readFloat,
  readInt,
  snap,
  toBigInt,
} from "../../lib/numeric";

export type NumberSpec = IntSpec | FloatSpec;

export function numberOf(spec: NumberSpec, value: Json): Numeric {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "string" ? (typed(spec, value, 0) ?? spec.default) : spec.default;
}

/** What a person typed, a number or a sum, within the limits; null when it is neither. */
export function typed(spec: NumberSpec, text: string, current: Numeric): Numeric | null {
  const plain = spec.kind === "int" ? readInt(text) : readFloat(text);
  const value = plain ?? calculate(text, current);
  return value === null ? null : settled(spec, value);
}

/** The nearest value that the input takes. */
export function settled(spec: NumberSpec, value: Numeric): Numeric {
  if (spec.kind === "int") return clampInt(value, spec);
  return clampFloat(spec.round ? snap(Number(value), spec.round) : Number(value), spec);
}

export function stepped(spec: NumberSpec, value: Numeric, steps: number): Numeric {
  if (spec.kind === "int") return addInt(value, BigInt(Math.trunc(steps)) * toBigInt(spec.step), spec);
  return addFloat(Number(value), steps * spec.step, spec.round || spec.step / 10, spec);
}

/** How many steps there are down and up to the limits. */
export function stepsLeft(spec: NumberSpec, value: Numeric): readonly [number, number] {
  const steps = (limit: Numeric | undefined, none: number) =>
    limit === undefined ? none : (Number(limit) - Number(value)) / Number(spec.step);
  return [
    Math.floor(steps(spec.min, Number.NEGATIVE_INFINITY)),
    Math.ceil(steps(spec.max, Number.POSITIVE_INFINITY)),
  ];
}

/** At least as many decimals as a step has, so that a value does not change its width while it is dragged. */
export function shownNumber(spec: NumberSpec, value: Numeric): string {
  if (spec.kind === "int" || typeof value === "bigint") return value.toString();
  const grain = Math.min(spec.step, 1);
  return value.toFixed(Math.max(decimals(grain), decimals(Number(value.toPrecision(12)))));
}

/** What a key begins to type; null when it is no such key. */
export function beginning(e: { readonly key: string } & Modifiers): string | null {
  const plain = !e.ctrlKey && !e.metaKey && !e.altKey;
  return plain && /^[\d.(*/-]$/.test(e.key) ? e.key : null;
}

interface Modifiers {
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** How many steps a key is worth; null when it is no such key. */
export function stepsOf(e: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}): number | null {
  const size = e.ctrlKey || e.metaKey ? 10 : e.shiftKey ? 0.1 : 1;
  if (e.key === "ArrowUp" || e.key === "ArrowRight") return size;
  if (e.key === "ArrowDown" || e.key === "ArrowLeft") return -size;
  if (e.key === "PageUp") return 10;
  if (e.key === "PageDown") return -10;
  return null;
}
