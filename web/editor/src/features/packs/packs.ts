/** Which packs have scripts in the page, and what went wrong in them. */
import { createStore } from "zustand/vanilla";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";

export interface PackProblem {
  /** What the pack was asked to do. */
  readonly where: string;
  readonly message: string;
  readonly stack: string;
}

export interface Pack {
  readonly name: string;
  readonly scripts: readonly string[];
  readonly problems: readonly PackProblem[];
  /** Old ways that still work, and what takes their place. */
  readonly deprecated: readonly string[];
}

interface Packs {
  readonly list: readonly Pack[];
  /** Nothing of any pack was loaded. */
  readonly safe: boolean;
  /** Where packs put buttons into what was ComfyUI's menu. */
  readonly tools: HTMLElement | null;
}

export const packs = createStore<Packs>(() => ({ list: [], safe: false, tools: null }));

/** The pack that a script belongs to: its address is `/extensions/<pack>/…`. */
export function packOf(address: string): string | null {
  const found = /\/extensions\/([^/]+)\//.exec(address);
  return found?.[1] ? decodeURIComponent(found[1]) : null;
}

/** The pack whose code is running, told from the calls that are under way. */
export function callingPack(): string | null {
  return packOf(new Error().stack ?? "");
}

const MOST_PROBLEMS = 20;

/** Names the pack in the page; the editor goes on without what failed. */
export function blame(error: unknown, where: string, known: string | null): void {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const name = packOf(stack) ?? known ?? t("A pack");
  console.warn(`${name}: ${where} failed`, error);
  const problem = { where, message, stack };
  change(name, (pack) => ({ problems: [...pack.problems, problem].slice(-MOST_PROBLEMS) }));
  showToast({
    kind: "error",
    topic: `pack ${name}`,
    title: t("The pack {name} failed", { name }),
    body: t("{where}: {message}. Everything else goes on.", { where, message }),
    report: stack,
  });
}

export function deprecate(what: string, instead: string, pack = callingPack()): void {
  if (!pack) return;
  const line = `${what}: ${instead}`;
  change(pack, ({ deprecated }) => ({
    deprecated: deprecated.includes(line) ? deprecated : [...deprecated, line],
  }));
}

function change(name: string, by: (pack: Pack) => Partial<Pack>): void {
  packs.setState(({ list }) => {
    const known = list.find((pack) => pack.name === name);
    const pack = known ?? { name, scripts: [], problems: [], deprecated: [] };
    const changed = { ...pack, ...by(pack) };
    return { list: known ? list.map((other) => (other === known ? changed : other)) : [...list, changed] };
  });
}
