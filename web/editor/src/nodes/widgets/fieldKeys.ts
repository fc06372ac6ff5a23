/** What fields that take text share: they keep their keys to themselves and follow changes that come from elsewhere. */
import { type KeyboardEvent, type RefObject, useEffect } from "react";

/** Plain keys are the field's own. Esc leaves it, and combinations such as Ctrl+Enter and Ctrl+S work from within. */
export function keepKeys(e: KeyboardEvent): void {
  const combination = e.ctrlKey || e.metaKey || e.altKey;
  if (!combination && e.key !== "Escape") e.stopPropagation();
}

/** Enter: what was typed holds, and the keyboard is with the node again. */
export function leaveField(field: HTMLElement): void {
  const root = field.closest<HTMLElement>("[data-node-root]");
  if (root) root.focus({ preventScroll: true });
  else field.blur();
}

/** Follows undo and paste without touching what is being typed. */
export function useSynced(
  field: RefObject<HTMLInputElement | HTMLTextAreaElement | null>,
  text: string,
): void {
  useEffect(() => {
    if (field.current && field.current.value !== text) field.current.value = text;
  }, [field, text]);
}
