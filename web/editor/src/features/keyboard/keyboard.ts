/** Keys and the clipboard, for whatever part of the page has the focus. Text fields keep their own. */
import { actionForKey } from "../../actions";
import { keyName } from "../../actions/action";
import { copySelection, cutSelection, pasteText } from "../../actions/clipboard";
import type { Editor } from "../../actions/editor";
import { openFile, openText } from "../../actions/openFile";
import { rememberCopied } from "../../actions/systemClipboard";
import { pasteFile } from "../../actions/uploads";

const TYPING = "input, textarea, select, [contenteditable]";

export function listenToKeys(editor: Editor): () => void {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const copying = (e: ClipboardEvent): boolean => {
    const text = document.getSelection()?.toString();
    return editor.selection.ids.size > 0 && !isTyping(e.target) && !text;
  };

  window.addEventListener(
    "keydown",
    (e) => {
      const action = actionForKey(keyName(e));
      if (!action || e.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (isTyping(e.target) && !action.everywhere) return;
      // An open menu has keys of its own, and what it would act upon is behind it.
      if (e.target instanceof Element && e.target.closest('[role="menu"]')) return;
      if (action.enabled?.(editor) === false) return;
      e.preventDefault();
      action.run(editor);
    },
    options,
  );
  const copy = (e: ClipboardEvent) => {
    if (!copying(e)) return;
    const text = e.type === "cut" ? cutSelection(editor) : copySelection(editor);
    e.clipboardData?.setData("text/plain", rememberCopied(text));
    e.preventDefault();
  };
  document.addEventListener("copy", copy, options);
  document.addEventListener("cut", copy, options);
  document.addEventListener(
    "paste",
    (e) => {
      if (isTyping(e.target)) return;
      const [file] = e.clipboardData?.files ?? [];
      if (file && pasteFile(editor, file)) return e.preventDefault();
      const text = e.clipboardData?.getData("text/plain") ?? "";
      if (pasteText(editor, text, { at: editor.engine?.pointed() })) return e.preventDefault();
      if (file) void openFile(editor, file);
      else if (!openText(editor, text)) return;
      e.preventDefault();
    },
    options,
  );
  return () => abort.abort();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPING) !== null;
}
