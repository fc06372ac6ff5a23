/** Keys that a person has chosen. The server keeps those that differ from the built-in ones. */
import { allActions, keysOf, registry } from "../../actions";
import type { Action } from "../../actions/action";
import type { Api } from "../../api/http";
import { isArray, isObject, type Json } from "../../lib/json";

const SETTING = "Easel.Keys";

type Keys = Readonly<Record<string, readonly string[]>>;

export async function loadKeys(api: Pick<Api, "settings">): Promise<void> {
  registry.setState({ keys: readKeys((await api.settings())[SETTING]) });
}

export function readKeys(value: Json | undefined): Keys {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).flatMap(([id, keys]): [string, string[]][] =>
    isArray(keys) ? [[id, keys.filter((key) => typeof key === "string")]] : [],
  );
  return Object.fromEntries(entries);
}

/** Who has the key now, besides the action itself. */
export function holderOf(key: string, action: Action): Action | undefined {
  return allActions().find((other) => other.id !== action.id && keysOf(other).includes(key));
}

/** Gives the key to the action, and takes it from whoever had it. Rejects when the server did not keep it. */
export async function bindKey(api: Pick<Api, "changeSettings">, action: Action, key: string): Promise<void> {
  const holder = holderOf(key, action);
  const change: Record<string, readonly string[]> = { [action.id]: [key] };
  if (holder) change[holder.id] = keysOf(holder).filter((other) => other !== key);
  await keep(api, { ...registry.getState().keys, ...change });
}

export async function unbind(api: Pick<Api, "changeSettings">, action: Action): Promise<void> {
  await keep(api, { ...registry.getState().keys, [action.id]: [] });
}

/** The built-in keys again, of one action or of all. */
export async function resetKeys(api: Pick<Api, "changeSettings">, action?: Action): Promise<void> {
  const { keys } = registry.getState();
  const rest = Object.entries(keys).filter(([id]) => action && id !== action.id);
  await keep(api, Object.fromEntries(rest));
}

async function keep(api: Pick<Api, "changeSettings">, keys: Keys): Promise<void> {
  registry.setState({ keys });
  await api.changeSettings({ [SETTING]: keys });
}
