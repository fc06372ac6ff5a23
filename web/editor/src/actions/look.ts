/** Looking at pictures, films and sounds on the whole page. */
import type { FileRef } from "../api/types";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { mediumOf } from "../nodes/fileRef";
import type { Action } from "./action";
import type { Editor } from "./editor";

export interface Look {
  readonly files: readonly FileRef[];
  readonly index: number;
  /** The one that it is compared with. */
  readonly against?: number;
  /** As prompts name it: while this node makes something, that is shown, and then what it has made. */
  readonly node?: NodeId;
}

export const lookActions: readonly Action[] = [
  {
    id: "look",
    label: () => t("Look at results full screen"),
    enabled: (editor) => lookAtSelection(editor) !== null,
    run: (editor) => {
      const look = lookAtSelection(editor);
      if (look) editor.lookAsked.emit(look);
    },
  },
];

/** What the selected nodes have made; of one node alone, also what it is making. */
function lookAtSelection({ doc, selection, status }: Editor): Look | null {
  const ids = [...selection.ids].map((id) => doc.runId(id));
  const files = ids.flatMap((id) => status.get(id).images).filter((file) => mediumOf(file) !== "other");
  const [node] = ids;
  const only = ids.length === 1 ? node : undefined;
  const comes = only !== undefined && status.get(only).preview !== null;
  return files.length || comes ? { files, index: 0, node: only } : null;
}
