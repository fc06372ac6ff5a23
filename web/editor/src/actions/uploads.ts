/** Files that come from outside into the widget that takes them: chosen, pasted, or dropped on a node. */

import { addNode, setValue } from "../graph/edit";
import type { WidgetShape } from "../graph/nodeShape";
import type { NodeId } from "../graph/records";
import type { Upload } from "../graph/widgets";
import type { Point } from "../lib/geometry";
import { t } from "../lib/t";
import { fileRefOf, mediumOf, pathOf } from "../nodes/fileRef";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";

/** The node that loads a file of a kind when there is none to put it into. */
const LOADERS: Readonly<Record<string, string>> = {
  image: "LoadImage",
  audio: "LoadAudio",
  video: "LoadVideo",
};

export async function uploadInto(editor: Editor, id: NodeId, name: string, file: File): Promise<void> {
  const { api, doc } = editor;
  const spec = doc.shape(id)?.widgets.find((widget) => widget.name === name)?.spec;
  const type = spec?.kind === "combo" ? spec.folder : "input";
  try {
    const sent = await api.uploadImage(file, { subfolder: "", type });
    setValue(doc, id, name, pathOf(sent));
  } catch (error) {
    showToast({
      kind: "error",
      title: t("{name} was not uploaded", { name: file.name }),
      body: (error as Error).message,
    });
  }
}

/** Into the node at a place of the page; false when there is none that takes it. */
export function dropOnNode(editor: Editor, file: File, pageX: number, pageY: number): boolean {
  const { engine } = editor;
  const hit = engine?.hit(engine.pointAt(pageX, pageY).world);
  return hit?.kind === "node" && into(editor, hit.node, file);
}

/** Into the one node that is selected, else into a new one in the middle; false when nothing takes it. */
export function pasteFile(editor: Editor, file: File): boolean {
  const { selection, engine } = editor;
  const [only, ...others] = selection.ids;
  if (only !== undefined && !others.length && into(editor, only, file)) return true;
  return engine !== null && loadAt(editor, file, engine.center());
}

/** Into a new node at a place of the world; false when no class of ours loads such files. */
export function loadAt(editor: Editor, file: File, at: Point): boolean {
  const { doc, selection } = editor;
  const type = LOADERS[kindOf(file)];
  if (!type || !doc.defs.has(type)) return false;
  const id = addNode(doc, type, { x: Math.round(at.x), y: Math.round(at.y) });
  selection.set([id]);
  return into(editor, id, file);
}

function into(editor: Editor, id: NodeId, file: File): boolean {
  const widget = editor.doc.shape(id)?.widgets.find((one) => takes(one, kindOf(file)));
  if (!widget || editor.doc.linkInto(id, widget.name)) return false;
  void uploadInto(editor, id, widget.name, file);
  return true;
}

function takes({ spec }: WidgetShape, kind: Upload): boolean {
  return spec.kind === "combo" && spec.upload !== null && (spec.upload === "file" || spec.upload === kind);
}

/** Some systems tell no type; then the name does. */
function kindOf(file: File): Upload {
  const [type] = file.type.split("/");
  if (type === "image" || type === "audio" || type === "video") return type;
  const medium = mediumOf(fileRefOf(file.name));
  return medium === "other" ? "file" : medium;
}
