import { type FormEvent, useEffect, useRef, useState } from "react";
import { nameOf, pathOf, saveTo } from "../../actions/save";
import type { Tab } from "../../tabs/Tab";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** Asks under which name to keep the workflow; shown when it has none yet or is to get another. */
export function SaveDialog() {
  const editor = useEditor();
  const [tab, setTab] = useState<Tab | null>(null);
  useEffect(() => editor.nameAsked.on(setTab), [editor]);
  return tab && <Asking tab={tab} onClose={() => setTab(null)} />;
}

function Asking({ tab, onClose }: { readonly tab: Tab; readonly onClose: () => void }) {
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
    const result = await saveTo(editor, tab, path, taken === path || path === tab.path);
    if (result === "saved") onClose();
    else if (result === "exists") setTaken(path);
  };
  const problem = !path
    ? 'Give it a name. Folders are divided by /; \\ : * ? " < > | are not possible.'
    : taken === path
      ? "There is a workflow of this name already."
      : "";
  return (
    <dialog ref={dialog} className="dialog" aria-label="Save workflow" onClose={onClose}>
      <form onSubmit={(e) => void submit(e)}>
        <label className="dialog-field">
          Name
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
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!path}>
            {taken === path && path ? "Replace it" : "Save"}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
