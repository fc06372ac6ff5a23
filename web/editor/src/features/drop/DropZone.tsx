import { useEffect, useState } from "react";
import { openFile } from "../../actions/openFile";
import { dropOnNode } from "../../actions/uploads";
import { useEditor } from "../context";

/** What is dropped on a node that loads files goes there; anywhere else a file opens the workflow that it carries. */
export function DropZone() {
  const editor = useEditor();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const hasFiles = (e: DragEvent) => e.dataTransfer?.types.includes("Files") ?? false;
    window.addEventListener(
      "dragover",
      (e) => {
        if (!hasFiles(e)) return;
        e.preventDefault();
        setOver(true);
      },
      options,
    );
    window.addEventListener("dragleave", (e) => e.relatedTarget === null && setOver(false), options);
    window.addEventListener(
      "drop",
      (e) => {
        setOver(false);
        const [file, ...others] = e.dataTransfer?.files ?? [];
        if (!file) return;
        e.preventDefault();
        if (others.length || !dropOnNode(editor, file, e.clientX, e.clientY))
          for (const each of [file, ...others]) void openFile(editor, each);
      },
      options,
    );
    return () => abort.abort();
  }, [editor]);
  return over ? <div className="drop-zone">Drop to open its workflow</div> : null;
}
