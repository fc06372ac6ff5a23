/** The drawing that a node keeps in a widget. */
import type { FileRef } from "../api/types";
import { setValue } from "../graph/edit";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { fileRefOf, pathOf } from "../nodes/fileRef";
import { pictureInto } from "../nodes/inputPicture";
import type { Action } from "./action";
import type { Editor } from "./editor";

export interface DrawingTarget {
  readonly node: NodeId;
  readonly widget: string;
}

const SIDE = 512;
const PAPER = "#000000";

export const drawingActions: readonly Action[] = [
  {
    id: "draw",
    label: () => t("Draw"),
    enabled: (editor) => selectedSheet(editor) !== null,
    run: (editor) => {
      const target = selectedSheet(editor);
      if (target) editor.drawingAsked.emit(target);
    },
  },
];

/** What it is drawn on: the picture that comes in, or a paper of the node's own size and colour. */
export function drawingPlace({ doc, status }: Editor, { node, widget }: DrawingTarget) {
  const values = doc.node(node)?.values ?? {};
  const input = doc.shape(node)?.sockets.find(({ type }) => type === "IMAGE")?.name;
  const drawing = values[widget];
  return {
    picture: input === undefined ? null : pictureInto(doc, status, node, input),
    paper: typeof values.bg_color === "string" ? values.bg_color : PAPER,
    size: { w: Number(values.width) || SIDE, h: Number(values.height) || SIDE },
    drawing: typeof drawing === "string" && drawing.trim() ? fileRefOf(drawing) : null,
  };
}

/** Null: nothing is drawn. */
export function applyDrawing({ doc }: Editor, { node, widget }: DrawingTarget, file: FileRef | null): void {
  setValue(doc, node, widget, file ? pathOf(file) : "");
}

function selectedSheet({ doc, selection }: Editor): DrawingTarget | null {
  const [node, ...others] = selection.ids;
  const shape = node === undefined ? undefined : doc.shape(node);
  const widget = shape && painterOf(shape);
  return node !== undefined && widget && !others.length ? { node, widget } : null;
}

function painterOf({ widgets }: NodeShape): string | undefined {
  return widgets.find(({ spec }) => spec.kind === "painter")?.name;
}
