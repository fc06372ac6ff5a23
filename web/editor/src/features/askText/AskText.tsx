import { type FormEvent, useEffect, useRef, useState } from "react";
import type { TextRequest } from "../../actions/editor";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** Asks for one line of text. */
export function AskText() {
  const editor = useEditor();
  const [request, setRequest] = useState<TextRequest | null>(null);
  useEffect(() => editor.textAsked.on(setRequest), [editor]);
  return request && <Asking request={request} onClose={() => setRequest(null)} />;
}

interface Props {
  readonly request: TextRequest;
  readonly onClose: () => void;
}

function Asking({ request, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(request.value);
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector("input")?.select();
  }, []);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!text.trim()) return;
    onClose();
    request.done(text);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-label={request.verb} onClose={onClose}>
      <form onSubmit={submit}>
        <label className="dialog-field">
          {request.label}
          <input value={text} spellCheck={false} onChange={(e) => setText(e.target.value)} />
        </label>
        <div className="dialog-actions">
          <Button onClick={onClose}>{t("Cancel")}</Button>
          <Button type="submit" kind="primary" disabled={!text.trim()}>
            {request.verb}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
