/** Sums typed into a number field. Whole numbers stay exact to any size; anything else is a floating point number. */
import type { Numeric } from "./numeric";

const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };
const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  round: Math.round,
  floor: Math.floor,
  ceil: Math.ceil,
  abs: Math.abs,
};
const TOKEN = /\s*(\*\*|[-+*/%^()]|\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|[a-z]+)/iy;
/** Larger powers would only keep the page busy. */
const LARGEST_POWER = 256n;

/** `2*3`, `(512+64)/8`, `2^10`, `sqrt(2)`; null when it is no sum. `*2` and `/2` begin with `current`. */
export function calculate(text: string, current: Numeric): Numeric | null {
  const sum = /^\s*[*/%^]/.test(text) ? `${literal(current)}${text}` : text;
  const tokens = tokenize(sum);
  if (!tokens) return null;
  try {
    const reader = new Reader(tokens);
    const value = reader.sum();
    return reader.atEnd && (typeof value === "bigint" || Number.isFinite(value)) ? value : null;
  } catch (error) {
    if (error instanceof NoSum || error instanceof RangeError) return null;
    throw error;
  }
}

class NoSum extends Error {}

function literal(value: Numeric): string {
  return `(${typeof value === "number" && Object.is(value, -0) ? 0 : value})`;
}

function tokenize(text: string): string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    tokens.push(match[1] as string);
  }
  return tokens.length ? tokens : null;
}

/** One method for each level of precedence. */
class Reader {
  private at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  get atEnd(): boolean {
    return this.at === this.tokens.length;
  }

  sum(): Numeric {
    let value = this.product();
    for (let op = this.take("+", "-"); op; op = this.take("+", "-")) value = apply(op, value, this.product());
    return value;
  }

  private product(): Numeric {
    let value = this.signed();
    for (let op = this.take("*", "/", "%"); op; op = this.take("*", "/", "%"))
      value = apply(op, value, this.signed());
    return value;
  }

  private signed(): Numeric {
    const sign = this.take("+", "-");
    if (sign) return apply(sign, 0n, this.signed());
    return this.power();
  }

  private power(): Numeric {
    const base = this.atom();
    return this.take("^", "**") ? apply("^", base, this.signed()) : base;
  }

  private atom(): Numeric {
    const token = this.tokens[this.at++];
    if (token === undefined) throw new NoSum();
    if (token === "(") return this.closed();
    if (/^\d[\d_]*$/.test(token)) return BigInt(token.replaceAll("_", ""));
    if (/^[\d.]/.test(token)) return Number(token.replaceAll("_", ""));
    const name = token.toLowerCase();
    const call = FUNCTIONS[name];
    if (call && this.take("(")) return call(Number(this.closed()));
    const constant = CONSTANTS[name];
    if (constant === undefined) throw new NoSum();
    return constant;
  }

  private closed(): Numeric {
    const value = this.sum();
    if (!this.take(")")) throw new NoSum();
    return value;
  }

  private take(...wanted: string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.at++;
    return token;
  }
}

function apply(op: string, a: Numeric, b: Numeric): Numeric {
  if (typeof a === "bigint" && typeof b === "bigint") {
    if (op === "+") return a + b;
    if (op === "-") return a - b;
    if (op === "*") return a * b;
    if (op === "^" && b >= 0n && b <= LARGEST_POWER) return a ** b;
    if (b !== 0n && op === "%") return a % b;
    if (b !== 0n && op === "/" && a % b === 0n) return a / b;
  }
  const [x, y] = [Number(a), Number(b)];
  return { "+": x + y, "-": x - y, "*": x * y, "/": x / y, "%": x % y, "^": x ** y }[op] as number;
}
