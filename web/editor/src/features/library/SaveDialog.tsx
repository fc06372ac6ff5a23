import { type FormEvent, useEffect, useRef, useState } from "react";
import type { NameRequest } from "../../actions/editor";
import { nameOf, pathOf, saveAgain, saveTo } from "../../actions/save";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** Asks under which name to keep the workflow; shown when it has none yet or is to get another. */
export function SaveDialog() {
  const editor = useEditor();
  const [asked, setAsked] = useState<NameRequest | null>(null);
  useEffect(() => editor.nameAsked.on(setAsked), [editor]);
  return asked && <Asking asked={asked} onClose={() => setAsked(null)} />;
}

function Asking({
  asked: { tab, done },
  onClose,
}: {
  readonly asked: NameRequest;
  readonly onClose: () => void;
}) {
  const editor = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState(() => (tab.path ? nameOf(tab.path) : tab.name));
  const [taken, setTaken] = useState<string | null>(null);
  const path = pathOf(name);
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector("input")?.select();
  }, []);

  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (!path) return;
    const result =
      path === tab.path
        ? await saveAgain(editor, tab, path)
        : await saveTo(editor, tab, path, taken === path);
    if (result === "exists") setTaken(path);
    if (result === "saved" || result === "changed") onClose();
    if (result === "saved") done?.();
  };
  const problem = !path
    ? t(
        'Give it a name that begins with no dot. Folders are divided by /; \\ : * ? " < > | are not possible.',
      )
    : taken === path
      ? t("There is a workflow of this name already.")
      : "";
  return (
    <dialog ref={dialog} className="dialog" aria-label={t("Save workflow")} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)}>
        <label className="dialog-field">
          {t("Name")}
          <input
            value={name}
            spellCheck={false}
            aria-describedby="save-problem"
            onChange={(e) => setName(e.target.value)}
          />
        </label>
        <p id="save-problem" className="dialog-problem" role="status">
          {problem}
        </p>
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("Cancel")}</Button>
          <Button type="submit" kind="primary" disabled={!path}>
            {taken === path && path ? t("Replace it") : t("Save")}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
