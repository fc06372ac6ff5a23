/** What the inside of a node may use, put together from the editor. */
import { uploadInto } from "../actions/uploads";
import type { Engine } from "../canvas/Engine";
import { showProblems } from "../features/run/reports";
import { optionText } from "../graph/widgets";
import { t } from "../lib/t";
import { RemoteLists } from "../nodes/remoteLists";
import type { NodeServices } from "../nodes/services";
import type { Tab } from "../tabs/Tab";
import type { OpenEditor } from "./createEditor";

export function nodeServices(editor: OpenEditor, tab: Tab, engine: Engine): NodeServices {
  const { api } = editor;
  const { doc, selection, status } = tab;
  return {
    doc,
    engine,
    selection,
    status,
    openImages(files, index, id, against) {
      const node = against === undefined ? doc.runId(id) : undefined;
      editor.lookAsked.emit({ files, index, against, node });
    },
    remoteLists: new RemoteLists((route) => api.remoteOptions(route)),
    viewUrl: (file) => api.viewUrl(file),
    upload: (file, place) => api.uploadImage(file, place),
    uploadInto: (id, widget, file) => uploadInto(editor, id, widget, file),
    promptNames: async (kind) => (kind === "embedding" ? api.embeddings() : loraNames(editor)),
    editMask: (node, file) => editor.maskAsked.emit({ node, file }),
    draw: (node, widget) => editor.drawingAsked.emit({ node, widget }),
    showProblems(id) {
      const own = doc.runId(id);
      const title = doc.shape(id)?.title ?? t("Problem");
      showProblems(title, new Map([[own, status.get(own).problems]]), tab, editor.reveal);
    },
  };
}

function loraNames({ doc }: OpenEditor): readonly string[] {
  const input = doc.defs.get("LoraLoader")?.inputs.find(({ name }) => name === "lora_name");
  return input?.widget?.kind === "combo" ? input.widget.options.map(optionText) : [];
}
