/**
 * Arithmetic for number widgets. Integers go up to 2^64 - 1, so integer maths is done in `bigint` and only handed out as
 * `number` where that is exact.
 */

export type Numeric = number | bigint;

export interface Range {
  readonly min?: Numeric;
  readonly max?: Numeric;
}

export function compact(value: bigint): Numeric {
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : value;
}

export function toBigInt(value: Numeric): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.round(value));
}

export function clampInt(value: Numeric, { min, max }: Range): Numeric {
  let v = toBigInt(value);
  if (max !== undefined && v > toBigInt(max)) v = toBigInt(max);
  if (min !== undefined && v < toBigInt(min)) v = toBigInt(min);
  return compact(v);
}

export function clampFloat(value: number, { min, max }: Range): number {
  let v = value;
  if (max !== undefined) v = Math.min(v, Number(max));
  if (min !== undefined) v = Math.max(v, Number(min));
  return v;
}

export function addInt(value: Numeric, delta: Numeric, range: Range): Numeric {
  return clampInt(toBigInt(value) + toBigInt(delta), range);
}

/** Adds and then drops the dust that binary fractions leave: 0.1 + 0.2 is 0.3 here. */
export function addFloat(value: number, delta: number, grain: number, range: Range): number {
  return clampFloat(snap(value + delta, grain), range);
}

export function snap(value: number, grain: number): number {
  if (!(grain > 0)) return value;
  return Number((Math.round(value / grain) * grain).toFixed(decimals(grain)));
}

export function decimals(grain: number): number {
  const text = grain.toString();
  if (text.includes("e-")) return Number(text.split("e-")[1]);
  return text.split(".")[1]?.length ?? 0;
}

/** What a person typed as an integer, exact; null when it is not one. `1e6` and ` 1 000 ` count. */
export function readInt(text: string): bigint | null {
  const plain = text.replace(/[\s_]/g, "");
  if (/^[+-]?\d+$/.test(plain)) return BigInt(plain);
  const n = Number(plain);
  return plain !== "" && Number.isFinite(n) ? BigInt(Math.round(n)) : null;
}

export function readFloat(text: string): number | null {
  const plain = text.replace(/[\s_]/g, "").replace(",", ".");
  const n = Number(plain);
  return plain !== "" && Number.isFinite(n) ? n : null;
}

/** A uniformly drawn integer in [min, max], for any 64-bit range. */
export function randomInt(min: bigint, max: bigint, random: () => number = Math.random): bigint {
  const span = max - min + 1n;
  if (span <= 1n) return min;
  // 96 bits of draw make the bias of the modulo negligible for 64-bit spans.
  let draw = 0n;
  for (let i = 0; i < 3; i++) draw = (draw << 32n) | BigInt(Math.floor(random() * 0x100000000));
  return min + (draw % span);
}
