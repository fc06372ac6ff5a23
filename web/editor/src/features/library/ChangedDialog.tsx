import { useEffect, useRef, useState } from "react";
import type { ChangedFile } from "../../actions/editor";
import { nameOf, openFrom, saveTo } from "../../actions/save";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** Asks what to do when the file of a workflow is no longer what this workflow began as. */
export function ChangedDialog() {
  const editor = useEditor();
  const [changed, setChanged] = useState<ChangedFile | null>(null);
  useEffect(() => editor.changeAsked.on(setChanged), [editor]);
  return changed && <Asking changed={changed} onClose={() => setChanged(null)} />;
}

function Asking({
  changed: { tab, path },
  onClose,
}: {
  readonly changed: ChangedFile;
  readonly onClose: () => void;
}) {
  const editor = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const answer = (then: () => void) => () => {
    onClose();
    then();
  };
  const openTheirs = () => {
    tab.lostFile();
    void openFrom(editor, path);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-label={t("Save workflow")} onClose={onClose}>
      <p className="dialog-question">
        {t("{name} was saved elsewhere since it was opened here.", { name: nameOf(path) })}
      </p>
      <p className="dialog-problem">
        {t("What is replaced can be had back from the earlier versions of the workflow.")}
      </p>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t("Cancel")}</Button>
        <Button kind="plain" onClick={answer(openTheirs)}>
          {t("Open it beside")}
        </Button>
        <Button kind="plain" onClick={answer(() => editor.nameAsked.emit({ tab }))}>
          {t("Save as…")}
        </Button>
        <Button kind="primary" onClick={answer(() => void saveTo(editor, tab, path, true))}>
          {t("Replace it")}
        </Button>
      </div>
    </dialog>
  );
}
