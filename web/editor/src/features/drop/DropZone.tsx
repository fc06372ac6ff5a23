import { useEffect, useState } from "react";
import type { Editor } from "../../actions/editor";
import { openFile } from "../../actions/openFile";
import { dropOnNode } from "../../actions/uploads";
import type { Point } from "../../lib/geometry";
import { t } from "../../lib/t";
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
        const rest = dropOnNode(editor, file, e.clientX, e.clientY) ? others : [file, ...others];
        void openAll(editor, rest, placeOf(editor, e));
      },
      options,
    );
    return () => abort.abort();
  }, [editor]);
  return over ? (
    <div className="drop-zone">{t("Drop to open its workflow, or on a node that loads it")}</div>
  ) : null;
}

const BESIDE = 300;

/** One after the other, so that tabs and nodes stand in the order of the files. */
async function openAll(editor: Editor, files: readonly File[], at: Point | undefined): Promise<void> {
  for (const [i, file] of files.entries())
    await openFile(editor, file, at && { x: at.x + i * BESIDE, y: at.y });
}

/** Where in the world something was dropped, should it become a node. */
function placeOf({ engine }: Editor, e: DragEvent): Point | undefined {
  if (!engine) return undefined;
  const isOver = e.target instanceof Node && engine.host.contains(e.target);
  return isOver ? engine.pointAt(e.clientX, e.clientY).world : engine.center();
}
