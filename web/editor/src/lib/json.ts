/**
 * JSON that keeps 64-bit integers exact.
 *
 * Seeds go up to 2^64 - 1; `JSON.parse` would round them. Integers beyond 2^53 become `bigint` here, all other
 * numbers stay `number`. `NaN` and `Infinity`, which Python writes, are read (as null) instead of refused.
 */

export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

const NEEDS_CARE = /\d{16}|NaN|Infinity/;

export function parseJson(text: string): Json {
  if (!NEEDS_CARE.test(text)) return JSON.parse(text) as Json;
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether two values say the same, whatever the order of their members. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((one, i) => equalJson(one, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equalJson(a[key], b[key]));
}

/** Writes like `JSON.stringify`: undefined members are left out, non-finite numbers become null. */
export function stringifyJson(value: Json | undefined, indent = 0): string {
  return write(value ?? null, indent ? " ".repeat(indent) : "", "");
}

function write(value: Json, step: string, margin: string): string {
  if (typeof value === "bigint") return value.toString();
  if (isArray(value)) {
    const inner = margin + step;
    const parts = value.map((item) => write(item ?? null, step, inner));
    return bracket("[", "]", parts, step, margin);
  }
  if (isObject(value)) {
    const inner = margin + step;
    const colon = step ? ": " : ":";
    const parts: string[] = [];
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) parts.push(JSON.stringify(key) + colon + write(item, step, inner));
    }
    return bracket("{", "}", parts, step, margin);
  }
  return JSON.stringify(value) ?? "null";
}

function bracket(open: string, close: string, parts: string[], step: string, margin: string): string {
  if (!parts.length) return open + close;
  if (!step) return open + parts.join(",") + close;
  return `${open}\n${margin + step}${parts.join(`,\n${margin + step}`)}\n${margin}${close}`;
}

const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: readonly [string, Json][] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", null],
  ["Infinity", null],
  ["-Infinity", null],
];

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  value(): Json {
    this.space();
    const c = this.text[this.at];
    if (c === "{") return this.object();
    if (c === "[") return this.array();
    if (c === '"') return this.string();
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail();
  }

  private object(): JsonObject {
    const result: Record<string, Json> = {};
    this.at++;
    if (this.take("}")) return result;
    do {
      this.space();
      const key = this.string();
      if (!this.take(":")) this.fail();
      const value = this.value();
      // Plain assignment to "__proto__" would change the object instead of adding a member.
      Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
    } while (this.take(","));
    if (!this.take("}")) this.fail();
    return result;
  }

  private array(): Json[] {
    const result: Json[] = [];
    this.at++;
    if (this.take("]")) return result;
    do result.push(this.value());
    while (this.take(","));
    if (!this.take("]")) this.fail();
    return result;
  }

  private string(): string {
    return JSON.parse(this.match(STRING)) as string;
  }

  private number(): number | bigint {
    const source = this.match(NUMBER);
    const value = Number(source);
    if (!/[.eE]/.test(source) && !Number.isSafeInteger(value)) return BigInt(source);
    return value;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) this.fail();
    this.at = pattern.lastIndex;
    return found[0];
  }

  private take(c: string): boolean {
    this.space();
    if (this.text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  private space(): void {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    this.at = SPACE.lastIndex;
  }

  private fail(): never {
    throw new SyntaxError(`This is not JSON: unexpected text at character ${this.at + 1}`);
  }
}
