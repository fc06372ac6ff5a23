import { useEffect, useState } from "react";
import { openFile } from "../../actions/file";
import { dropOnNode } from "../../actions/uploads";
import { useEditor } from "../context";

/** A picture or JSON file dropped anywhere on the page opens the workflow that it carries. */
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
        const file = e.dataTransfer?.files[0];
        if (!file) return;
        e.preventDefault();
        if (!dropOnNode(editor, file, e.clientX, e.clientY)) void openFile(editor, file);
      },
      options,
    );
    return () => abort.abort();
  }, [editor]);
  return over ? <div className="drop-zone">Drop to open its workflow</div> : null;
}
