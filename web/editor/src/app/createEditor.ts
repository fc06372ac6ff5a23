/** Puts the parts together: the one place that knows them all. */
import defaultWorkflow from "../../../../user_workflows/text_to_image.json";
import { pasteText } from "../actions/clipboard";
import type { Editor } from "../actions/editor";
import { readClipboard } from "../actions/systemClipboard";
import type { Api } from "../api/http";
import type { EventLine } from "../api/socket";
import { togglePanel } from "../features/panels/panels";
import { RunController } from "../features/run/RunController";
import { createRunStore, type RunStore } from "../features/run/runStore";
import { shownTheme } from "../features/settings/apply";
import type { Settings, SettingsStore } from "../features/settings/settings";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { locate } from "../graph/navigation";
import { type NodeDefs, parseObjectInfo, readDifferently } from "../graph/nodeDefs";
import { Emitter } from "../lib/emitter";
import type { Json } from "../lib/json";
import { t } from "../lib/t";
import type { Drafts, Kept } from "../tabs/drafts";
import { keepDrafts, openKept } from "../tabs/keepDrafts";
import { Tabs } from "../tabs/Tabs";
import { showToast } from "../ui/toasts";

export interface OpenEditor extends Editor {
  readonly run: RunStore;
  readonly settings: SettingsStore;
  readonly settingsAsked: Emitter;
  destroy(): void;
}

/** What this window of the browser keeps, and what it kept before. */
export interface Memory {
  readonly drafts: Drafts;
  readonly kept: Kept;
}

export async function loadDefs(api: Api): Promise<NodeDefs> {
  return parseObjectInfo(await api.objectInfo()).defs;
}

export function createEditor(
  api: Api,
  line: EventLine,
  defs: NodeDefs,
  memory: Memory | null,
  settings: SettingsStore,
): OpenEditor {
  const tabs = new Tabs(defs);
  openFirst(tabs, memory);
  const run = createRunStore();
  const reveal: Editor["reveal"] = (runId, tab = tabs.current) => {
    const { doc } = tab;
    const place = doc.isHere(runId) ? null : locate(doc, runId);
    const id = place?.id ?? runId;
    tabs.show(tab);
    if (place) doc.goTo(place.path);
    tab.selection.set([id]);
    // The canvas of another tab is there once the event at hand is over.
    if (editor.engine?.doc === doc) editor.engine.focusNode(id);
    else queueMicrotask(() => editor.engine?.focusNode(id));
  };
  const changesSeedFirst = () => settings.get().seedChange === "before";
  const runner = new RunController(tabs, api, line, run, reveal, changesSeedFirst);
  const set = <K extends keyof Settings>(key: K, value: Settings[K]) =>
    void settings.set(key, value).catch((error) => console.warn("The server did not keep a setting", error));
  const editor: OpenEditor = {
    tabs,
    get doc() {
      return tabs.current.doc;
    },
    get selection() {
      return tabs.current.selection;
    },
    get status() {
      return tabs.current.status;
    },
    drafts: memory?.drafts ?? null,
    api,
    line,
    runner,
    run,
    engine: null,
    settings,
    settingsAsked: new Emitter(),
    filesChanged: new Emitter(),
    nameAsked: new Emitter(),
    changeAsked: new Emitter(),
    closeAsked: new Emitter(),
    asked: new Emitter(),
    listAsked: new Emitter(),
    maskAsked: new Emitter(),
    drawingAsked: new Emitter(),
    lookAsked: new Emitter(),
    textAsked: new Emitter(),
    catalogue: {
      read: (body) => parseObjectInfo(body).defs,
      async refresh() {
        takeOver(tabs, await editor.catalogue.read(await api.objectInfo()));
      },
    },
    async paste(options) {
      if (!pasteText(editor, await readClipboard(), options))
        showToast({ kind: "info", title: t("There are no nodes to paste"), topic: "paste" });
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
  const cleanups = [refreshOnReconnect(editor), memory ? keepDrafts(tabs, memory.drafts) : () => {}];
  return editor;
}

function openFirst(tabs: Tabs, memory: Memory | null): void {
  if (memory) {
    openKept(tabs, memory.kept, ({ name }, error) =>
      showToast({
        kind: "error",
        title: t("The draft of {name} cannot be opened", { name }),
        body: error.message,
      }),
    );
  }
  if (!tabs.list.length) tabs.open(defaultWorkflow as unknown as Json, { name: t("Text to image") });
}

/** A server that came back may have other nodes and other files. */
function refreshOnReconnect({ line, catalogue }: Editor): () => void {
  let lost = false;
  return line.connectionChanged.on((connection) => {
    if (connection === "lost") lost = true;
    if (connection !== "open" || !lost) return;
    lost = false;
    catalogue.refresh().catch(() => {
      lost = true;
    });
  });
}

function takeOver(tabs: Tabs, defs: NodeDefs): void {
  tabs.setDefs(defs);
  for (const tab of tabs.list) {
    const { doc } = tab;
    const isRead = [...doc.allNodes()].some(({ type }) =>
      readDifferently(doc.defs.get(type), defs.get(type)),
    );
    const file = isRead ? writeWorkflow(doc) : null;
    doc.setDefs(defs);
    // Values of a class that was unknown until now can be read only with its definition.
    if (file) tab.reload(file);
  }
}
