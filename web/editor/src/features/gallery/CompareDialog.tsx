import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import type { FileRef } from "../../api/types";
import { CompareView } from "../../nodes/CompareView";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

interface Props {
  readonly a: FileRef;
  readonly b: FileRef;
  readonly onClose: () => void;
}

/** Two pictures over each other on the whole page, with a line between them that is moved. */
export function CompareDialog({ a, b, onClose }: Props) {
  const { api } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="lightbox" aria-label="Compare two pictures" onClose={onClose}>
      <div className="compare-frame">
        <CompareView a={[api.viewUrl(a)]} b={[api.viewUrl(b)]} />
      </div>
      <div className="lightbox-bar">
        <span>
          {a.filename} | {b.filename}
        </span>
        <Button label="Close" icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
    </dialog>
  );
}
