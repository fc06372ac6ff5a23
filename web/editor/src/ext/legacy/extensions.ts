/** What packs have registered with `app.registerExtension`, and how its hooks are called. */
import { blame, callingPack } from "../../features/packs/packs";
import { guarded } from "../guard";

export interface LegacyExtension {
  readonly name?: string;
  readonly [hook: string]: unknown;
}

export interface Registered {
  readonly extension: LegacyExtension;
  readonly pack: string | null;
}

export const registered: Registered[] = [];

/** Heard when one registers after the others have been set up. */
export const late: { register: ((added: Registered) => void) | null } = { register: null };

export function registerExtension(extension: LegacyExtension): void {
  const pack = callingPack();
  if (!extension || typeof extension !== "object") {
    blame(new TypeError("it takes an object with a name and hooks"), "registerExtension", pack);
    return;
  }
  const added = { extension, pack };
  registered.push(added);
  late.register?.(added);
}

/** Calls a hook of every extension that has it; those that throw are named and left out. */
export function invoke(hook: string, ...args: unknown[]): unknown[] {
  return registered.flatMap((one) => {
    const result = invokeOne(one, hook, args);
    return result === undefined ? [] : [result];
  });
}

/** Waits for each before the next, in the order of registration, as packs expect. */
export async function invokeInTurn(hook: string, ...args: unknown[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const one of [...registered]) {
    const result = await invokeOne(one, hook, args);
    if (result !== undefined) results.push(result);
  }
  return results;
}

export function invokeOne({ extension, pack }: Registered, hook: string, args: readonly unknown[]): unknown {
  const code = extension[hook];
  if (typeof code !== "function") return undefined;
  return guarded(`${extension.name ?? "extension"} ${hook}`, pack, () => code.apply(extension, args));
}

export function hasHook(hook: string): boolean {
  return registered.some(({ extension }) => typeof extension[hook] === "function");
}
