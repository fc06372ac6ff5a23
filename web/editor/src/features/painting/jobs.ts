/** What is to be painted: where it comes from and where it goes to. */
import { applyDrawing, type DrawingTarget, drawingPlace } from "../../actions/drawing";
import type { Editor } from "../../actions/editor";
import { applyMask, type MaskTarget } from "../../actions/mask";
import { t } from "../../lib/t";
import { loadDrawing, loadMasked, type Picture, saveDrawing, saveMask } from "./pictures";
import type { Sheet } from "./sheet";

export interface PaintJob {
  readonly title: string;
  /** On the button that keeps it. */
  readonly verb: string;
  readonly load: () => Promise<Picture>;
  readonly save: (sheet: Sheet) => Promise<void>;
}

export function maskJob(editor: Editor, target: MaskTarget): PaintJob {
  const { api } = editor;
  const { file } = target;
  return {
    title: t("Mask of {name}", { name: file.filename }),
    verb: t("Save mask"),
    load: () => loadMasked(api, file),
    save: async (sheet) => applyMask(editor, target, await saveMask(api, file, sheet)),
  };
}

/** Nothing drawn is no file. */
export function drawingJob(editor: Editor, target: DrawingTarget): PaintJob {
  const { api } = editor;
  return {
    title: t("Drawing"),
    verb: t("Save drawing"),
    load: () => loadDrawing(api, drawingPlace(editor, target)),
    async save(sheet) {
      const isEmpty = sheet.data.every((value, i) => i % 4 !== 3 || value === 0);
      applyDrawing(editor, target, isEmpty ? null : await saveDrawing(api, sheet));
    },
  };
}
