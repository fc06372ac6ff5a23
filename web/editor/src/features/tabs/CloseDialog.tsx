import { useEffect, useRef, useState } from "react";
import { saveTo } from "../../actions/save";
import type { Tab } from "../../tabs/Tab";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** What is not saved is not closed by accident. */
export function CloseDialog() {
  const editor = useEditor();
  const [tab, setTab] = useState<Tab | null>(null);
  useEffect(() => editor.closeAsked.on(setTab), [editor]);
  return tab && <Asking tab={tab} onDone={() => setTab(null)} />;
}

function Asking({ tab, onDone }: { readonly tab: Tab; readonly onDone: () => void }) {
  const editor = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const save = async () => {
    onDone();
    if (!tab.path) editor.nameAsked.emit(tab);
    else if ((await saveTo(editor, tab, tab.path, true)) === "saved") editor.tabs.close(tab);
  };
  const discard = () => {
    onDone();
    editor.tabs.close(tab);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-label="Close workflow" onClose={onDone}>
      <p className="dialog-question">{tab.name} has changes that are not saved.</p>
      <p className="dialog-problem">
        {editor.drafts ? "Closed without saving, it can be had back with “Reopen closed tab”." : ""}
      </p>
      <div className="dialog-actions">
        <Button onClick={onDone}>Cancel</Button>
        <Button kind="plain" onClick={discard}>
          Close without saving
        </Button>
        <Button kind="primary" onClick={() => void save()}>
          {tab.path ? "Save and close" : "Save…"}
        </Button>
      </div>
    </dialog>
  );
}
