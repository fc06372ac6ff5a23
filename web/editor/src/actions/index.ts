import type { Action } from "./action";
import { arrangeActions } from "./arrange";
import { editActions } from "./edit";
import { fileActions } from "./file";
import { runActions } from "./run";
import { viewActions } from "./view";

export const actions: readonly Action[] = [
  ...runActions,
  ...editActions,
  ...arrangeActions,
  ...viewActions,
  ...fileActions,
];

export function actionOf(id: string): Action {
  const action = actions.find((candidate) => candidate.id === id);
  if (!action) throw new Error(`There is no action ${id}`);
  return action;
}
