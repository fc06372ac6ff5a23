/** Puts the parts together: the one place that knows them all. */
import defaultWorkflow from "../../../../user_workflows/text_to_image.json";
import type { Editor } from "../actions/editor";
import { lastPart } from "../actions/save";
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import type { Draft, Drafts } from "../features/drafts/drafts";
import { togglePanel } from "../features/panels/panels";
import { RunController } from "../features/run/RunController";
import { createRunStore, type RunStore } from "../features/run/runStore";
import { shownTheme } from "../features/settings/apply";
import type { Settings, SettingsStore } from "../features/settings/settings";
import { isCopiedNodes, pasteNodes } from "../graph/clipboard";
import { GraphDocument } from "../graph/document";
import { isApiPrompt, readPrompt } from "../graph/formats/readPrompt";
import { readWorkflow } from "../graph/formats/readWorkflow";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { locate } from "../graph/navigation";
import { type NodeDefs, parseObjectInfo } from "../graph/nodeDefs";
import { Selection } from "../graph/selection";
import { Emitter } from "../lib/emitter";
import { type Json, parseJson, stringifyJson } from "../lib/json";
import { RunStatus } from "../nodes/runStatus";
import { closeTopic, showToast } from "../ui/toasts";

export interface OpenEditor extends Editor {
  readonly run: RunStore;
  readonly settings: SettingsStore;
  readonly settingsAsked: Emitter;
  path: string | null;
  revision: number;
  savedRevision: number;
  destroy(): void;
}

/** Which workflow is open, besides what is in it. */
interface Identity {
  readonly name: string;
  readonly path: string | null;
  readonly dirty: boolean;
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
  settings: SettingsStore,
): OpenEditor {
  const doc = new GraphDocument(defs);
  const status = new RunStatus();
  const run = createRunStore();
  const reveal: Editor["reveal"] = (runId) => {
    const place = doc.isHere(runId) ? null : locate(doc, runId);
    const id = place?.id ?? runId;
    if (place) doc.goTo(place.path);
    editor.selection.set([id]);
    editor.engine?.focusNode(id);
  };
  const runner = new RunController(
    doc,
    api,
    line,
    status,
    run,
    reveal,
    () => settings.get().seedChange === "before",
  );
  const set = <K extends keyof Settings>(key: K, value: Settings[K]) =>
    void settings.set(key, value).catch((error) => console.warn("The server did not keep a setting", error));
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
    settings,
    settingsAsked: new Emitter(),
    path: null,
    revision: 0,
    savedRevision: 0,
    get dirty() {
      return editor.revision !== editor.savedRevision;
    },
    renamed: new Emitter(),
    filesChanged: new Emitter(),
    nameAsked: new Emitter(),
    markSaved(path, revision) {
      editor.savedRevision = revision;
      editor.movedTo(path);
    },
    movedTo(path) {
      editor.path = path;
      if (path) editor.name = lastPart(path);
      else editor.revision++;
      editor.renamed.emit();
    },
    open(file, name, path) {
      const before = editor.dirty ? { ...identity(editor), file: writeWorkflow(doc) } : null;
      load(editor, file, { name, path: path ?? null, dirty: false });
      if (before) offerWayBack(editor, before.file, before);
    },
    async paste(at) {
      const text = await navigator.clipboard.readText().catch(() => "");
      if (isCopiedNodes(text)) editor.selection.set(pasteNodes(doc, text, at));
      else showToast({ kind: "info", title: "There are no nodes to paste", topic: "paste" });
    },
    reveal,
    toggleTheme: () => set("theme", shownTheme(settings.get()) === "dark" ? "light" : "dark"),
    toggleMinimap: () => set("minimap", settings.get().minimap === "on" ? "off" : "on"),
    openSettings: () => editor.settingsAsked.emit(),
    togglePanel,
    destroy() {
      runner.destroy();
      for (const cleanup of cleanups) cleanup();
    },
  };
  const edited = () => {
    const wasDirty = editor.dirty;
    editor.revision++;
    if (!wasDirty) editor.renamed.emit();
  };
  const cleanups = [
    doc.store.historyChanged.on(edited),
    refreshOnReconnect(editor),
    drafts ? keepDraft(editor, drafts) : () => {},
  ];
  openFirst(editor, draft);
  return editor;
}

function identity({ name, path, dirty }: OpenEditor): Identity {
  return { name, path, dirty };
}

function load(editor: OpenEditor, file: Json, { name, path, dirty }: Identity): void {
  const { doc } = editor;
  const content = isApiPrompt(file) ? readPrompt(file, doc.defs) : readWorkflow(file, doc.defs);
  editor.selection.clear();
  doc.load(content);
  editor.name = name;
  editor.path = path;
  editor.savedRevision = dirty ? -1 : editor.revision;
  editor.engine?.fit();
  editor.renamed.emit();
}

/** Opening takes the place of work that may not be saved anywhere: one click brings it back. */
function offerWayBack(editor: OpenEditor, file: Json, before: Identity): void {
  showToast({
    kind: "info",
    topic: WAY_BACK,
    title: `Opened ${editor.name}`,
    action: {
      label: `Back to ${before.name}`,
      run: () => {
        closeTopic(WAY_BACK);
        load(editor, file, before);
      },
    },
  });
}

function openFirst(editor: OpenEditor, draft: Draft | null): void {
  if (draft) {
    try {
      const { name, path = null, dirty = true } = draft;
      load(editor, parseJson(draft.text), { name, path, dirty });
      return;
    } catch (error) {
      showToast({ kind: "error", title: "The last draft cannot be opened", body: (error as Error).message });
    }
  }
  load(editor, defaultWorkflow as unknown as Json, { name: "Text to image", path: null, dirty: false });
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
        const wasMissing = [...doc.allNodes()].some(
          (node) => !doc.defs.has(node.type) && defs.has(node.type),
        );
        doc.setDefs(defs);
        // Values of a class that was unknown until now can be read only with its definition.
        if (wasMissing) load(editor, writeWorkflow(doc), identity(editor));
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
    const text = stringifyJson(writeWorkflow(editor.doc));
    void drafts.save({ ...identity(editor), text }).catch((error) => {
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
