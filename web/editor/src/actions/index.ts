import { createStore } from "zustand/vanilla";
import type { Action } from "./action";
import { arrangeActions } from "./arrange";
import { drawingActions } from "./drawing";
import { editActions } from "./edit";
import { fileActions } from "./file";
import { layoutActions } from "./layout";
import { linkActions } from "./links";
import { lookActions } from "./look";
import { maskActions } from "./mask";
import { runActions } from "./run";
import { shellActions } from "./shell";
import { subgraphActions } from "./subgraph";
import { tabActions } from "./tabs";
import { viewActions } from "./view";

/** Everything that the editor itself can do. */
export const actions: readonly Action[] = [
  ...runActions,
  ...editActions,
  ...arrangeActions,
  ...linkActions,
  ...subgraphActions,
  ...layoutActions,
  ...lookActions,
  ...maskActions,
  ...drawingActions,
  ...viewActions,
  ...fileActions,
  ...shellActions,
  ...tabActions,
];

/** What packs have added, and the keys that the person has chosen instead of the built-in ones, by action. */
export const registry = createStore<{
  readonly added: readonly Action[];
  readonly keys: Readonly<Record<string, readonly string[]>>;
}>(() => ({ added: [], keys: {} }));

export function allActions(): readonly Action[] {
  return [...actions, ...registry.getState().added];
}

export function actionOf(id: string): Action {
  const action = allActions().find((candidate) => candidate.id === id);
  if (!action) throw new Error(`There is no action ${id}`);
  return action;
}

/** The keys that hold now. */
export function keysOf(action: Action): readonly string[] {
  return registry.getState().keys[action.id] ?? action.keys ?? [];
}

/** The action that a key starts: what the person has chosen wins, and the editor's own before those of packs. */
export function actionForKey(key: string): Action | undefined {
  const bound = allActions().filter((action) => keysOf(action).includes(key));
  return bound.find((action) => registry.getState().keys[action.id]) ?? bound[0];
}

/** The action that a key starts instead of this one, which has it too. */
export function keyTakenBy(action: Action, key: string): Action | undefined {
  const holder = actionForKey(key);
  return holder?.id === action.id ? undefined : holder;
}

/** Answers how to take it away again. An action of the same id takes the place of an earlier one. */
export function addAction(action: Action): () => void {
  const others = registry.getState().added.filter((other) => other.id !== action.id);
  registry.setState({ added: [...others, action] });
  return () => registry.setState(({ added }) => ({ added: added.filter((other) => other !== action) }));
}
