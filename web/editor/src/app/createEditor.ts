/** Puts the parts together: the one place that knows them all. */
import defaultWorkflow from "../../../../user_workflows/text_to_image.json";
import type { Editor } from "../actions/editor";
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import type { Draft, Drafts } from "../features/drafts/drafts";
import { RunController } from "../features/run/RunController";
import { createRunStore, type RunStore } from "../features/run/runStore";
import { switchTheme } from "../features/theme/theme";
import { isCopiedNodes, pasteNodes } from "../graph/clipboard";
import { GraphDocument } from "../graph/document";
import { isApiPrompt, readPrompt } from "../graph/formats/readPrompt";
import { readWorkflow } from "../graph/formats/readWorkflow";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { type NodeDefs, parseObjectInfo } from "../graph/nodeDefs";
import { Selection } from "../graph/selection";
import { Emitter } from "../lib/emitter";
import { type Json, parseJson, stringifyJson } from "../lib/json";
import { RunStatus } from "../nodes/runStatus";
import { closeTopic, showToast } from "../ui/toasts";

export interface OpenEditor extends Editor {
  readonly run: RunStore;
  readonly panelToggled: Emitter;
  destroy(): void;
}

const SAVE_DELAY = 400;
const WAY_BACK = "open";

export async function loadDefs(api: Api): Promise<NodeDefs> {
  return parseObjectInfo(await api.objectInfo()).defs;
}

export function createEditor(
  api: Api,
  line: EventLine,
  defs: NodeDefs,
  drafts: Drafts | null,
  draft: Draft | null,
): OpenEditor {
  const doc = new GraphDocument(defs);
  const status = new RunStatus();
  const run = createRunStore();
  const reveal: Editor["reveal"] = (id) => {
    editor.selection.set([id]);
    editor.engine?.focusNode(id);
  };
  const runner = new RunController(doc, api, line, status, run, reveal);
  const editor: OpenEditor = {
    doc,
    selection: new Selection(),
    status,
    api,
    line,
    runner,
    run,
    engine: null,
    name: "",
    panelToggled: new Emitter(),
    renamed: new Emitter(),
    open(file: Json, name: string) {
      const before = doc.store.history.canUndo ? { file: writeWorkflow(doc), name: editor.name } : null;
      load(editor, file, name);
      if (before) offerWayBack(editor, before.file, before.name);
    },
    async paste(at) {
      const text = await navigator.clipboard.readText().catch(() => "");
      if (isCopiedNodes(text)) editor.selection.set(pasteNodes(doc, text, at));
      else showToast({ kind: "info", title: "There are no nodes to paste", topic: "paste" });
    },
    reveal,
    toggleTheme() {
      switchTheme();
      editor.engine?.themeChanged();
    },
    togglePanel: () => editor.panelToggled.emit(),
    destroy() {
      runner.destroy();
      for (const cleanup of cleanups) cleanup();
    },
  };
  const cleanups = [refreshOnReconnect(editor), drafts ? keepDraft(editor, drafts) : () => {}];
  openFirst(editor, draft);
  return editor;
}

function load(editor: OpenEditor, file: Json, name: string): void {
  const { doc } = editor;
  const content = isApiPrompt(file) ? readPrompt(file, doc.defs) : readWorkflow(file, doc.defs);
  editor.selection.clear();
  editor.name = name;
  doc.load(content);
  editor.engine?.fit();
  editor.renamed.emit();
}

/** Opening takes the place of work that may not be saved anywhere: one click brings it back. */
function offerWayBack(editor: OpenEditor, file: Json, name: string): void {
  showToast({
    kind: "info",
    topic: WAY_BACK,
    title: `Opened ${editor.name}`,
    action: {
      label: `Back to ${name}`,
      run: () => {
        closeTopic(WAY_BACK);
        load(editor, file, name);
      },
    },
  });
}

function openFirst(editor: OpenEditor, draft: Draft | null): void {
  if (draft) {
    try {
      load(editor, parseJson(draft.text), draft.name);
      return;
    } catch (error) {
      showToast({ kind: "error", title: "The last draft cannot be opened", body: (error as Error).message });
    }
  }
  load(editor, defaultWorkflow as unknown as Json, "Text to image");
}

/** A server that came back may have other nodes and other files. */
function refreshOnReconnect(editor: OpenEditor): () => void {
  const { doc, line, api } = editor;
  let lost = false;
  return line.connectionChanged.on((connection) => {
    if (connection === "lost") lost = true;
    if (connection !== "open" || !lost) return;
    lost = false;
    loadDefs(api).then(
      (defs) => {
        const wasMissing = [...doc.nodes()].some((node) => !doc.defs.has(node.type) && defs.has(node.type));
        doc.setDefs(defs);
        // Values of a class that was unknown until now can be read only with its definition.
        if (wasMissing) load(editor, writeWorkflow(doc), editor.name);
      },
      () => {
        lost = true;
      },
    );
  });
}

function keepDraft(editor: OpenEditor, drafts: Drafts): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    void drafts.save(editor.name, stringifyJson(writeWorkflow(editor.doc))).catch((error) => {
      console.warn("The draft could not be kept", error);
    });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY);
  };
  const leaving = () => timer !== undefined && save();
  const offs = [editor.doc.store.changed.on(soon), editor.renamed.on(soon)];
  document.addEventListener("visibilitychange", leaving);
  window.addEventListener("pagehide", leaving);
  return () => {
    for (const off of offs) off();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", leaving);
    window.removeEventListener("pagehide", leaving);
  };
}
