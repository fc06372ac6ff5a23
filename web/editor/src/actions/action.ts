/** An action is one thing a person can do. Menus, buttons and keys all read the same table. */
import type { Label } from "../lib/t";
import type { Editor } from "./editor";

export interface Action {
  readonly id: string;
  readonly label: Label;
  /** The pack that has added it. */
  readonly pack?: string;
  /** `Ctrl` means Cmd on a Mac. */
  readonly keys?: readonly string[];
  /** Works even while a text field has the focus. */
  readonly everywhere?: boolean;
  readonly enabled?: (editor: Editor) => boolean;
  /** Given for what is either on or off. */
  readonly checked?: (editor: Editor) => boolean;
  readonly run: (editor: Editor) => void;
}

export function keyName(
  e: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
): string {
  const key = e.key.length === 1 ? e.key.toUpperCase() : e.key;
  const shift = e.shiftKey && (e.key.length > 1 || /[a-z]/i.test(e.key));
  return [(e.ctrlKey || e.metaKey) && "Ctrl", e.altKey && "Alt", shift && "Shift", key]
    .filter(Boolean)
    .join("+");
}
