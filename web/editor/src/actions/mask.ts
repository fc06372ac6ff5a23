/** The mask of a picture that a node shows. */
import type { FileRef } from "../api/types";
import { addNode, setValue } from "../graph/edit";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { fileRefOf, mediumOf, pathOf } from "../nodes/fileRef";
import { showToast } from "../ui/toasts";
import type { Action } from "./action";
import type { Editor } from "./editor";

export interface MaskTarget {
  readonly node: NodeId;
  readonly file: FileRef;
}

const LOADER = "LoadImage";
const ASIDE = 40;

export const maskActions: readonly Action[] = [
  {
    id: "mask",
    label: () => t("Edit mask"),
    enabled: (editor) => selectedPicture(editor) !== null,
    run: (editor) => {
      const target = selectedPicture(editor);
      if (target) editor.maskAsked.emit(target);
    },
  },
];

/** A loader takes the masked picture in the place of its own; beside any other node comes a loader with it. */
export function applyMask(
  { doc, selection, engine }: Editor,
  { node, file }: MaskTarget,
  masked: FileRef,
): void {
  const shape = doc.shape(node);
  const widget = shape && loaderWidget(shape);
  const value = pathOf(masked);
  if (widget && pathOf(fileRefOf(String(doc.node(node)?.values[widget]))) === pathOf(file)) {
    setValue(doc, node, widget, value);
    return;
  }
  if (!doc.defs.has(LOADER)) {
    showToast({ kind: "info", title: t("The masked picture is saved"), body: value });
    return;
  }
  const frame = engine?.scene.frame(node);
  const pos = frame ? { x: frame.x + frame.w + ASIDE, y: frame.y + ASIDE } : { x: 0, y: 0 };
  let made = "";
  doc.transact("Edit mask", () => {
    made = addNode(doc, LOADER, pos);
    const name = loaderWidget(doc.shape(made) as NodeShape);
    if (name) setValue(doc, made, name, value);
  });
  selection.set([made]);
}

function selectedPicture({ doc, selection, status }: Editor): MaskTarget | null {
  const [node, ...others] = selection.ids;
  const shape = node === undefined ? undefined : doc.shape(node);
  if (node === undefined || !shape || others.length) return null;
  const name = loaderWidget(shape);
  const value = name && doc.node(node)?.values[name];
  const made = status.get(doc.runId(node)).images;
  const file = made[0] ?? (typeof value === "string" && value ? fileRefOf(value) : undefined);
  return file && mediumOf(file) === "image" ? { node, file } : null;
}

function loaderWidget({ widgets }: NodeShape): string | undefined {
  return widgets.find(({ spec }) => spec.kind === "combo" && spec.upload === "image")?.name;
}
