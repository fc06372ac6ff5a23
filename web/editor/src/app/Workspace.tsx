/** The frame around the canvas. */
import { useEffect, useLayoutEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { takeDroppedNodes } from "../actions/place";
import type { FileRef } from "../api/types";
import { firstView } from "../canvas/camera";
import { Engine } from "../canvas/Engine";
import { AppMode } from "../features/appMode/AppView";
import { AskText } from "../features/askText/AskText";
import { ChooseList } from "../features/chooseList/ChooseList";
import { FeaturesContext } from "../features/context";
import { ContextMenu } from "../features/contextMenu/ContextMenu";
import { DropZone } from "../features/drop/DropZone";
import { FindNode } from "../features/find/FindNode";
import { EmptyHint } from "../features/hint/EmptyHint";
import { FirstRunHint } from "../features/hint/FirstRunHint";
import { listenToKeys } from "../features/keyboard/keyboard";
import { ChangedDialog } from "../features/library/ChangedDialog";
import { SaveDialog } from "../features/library/SaveDialog";
import { LightboxHost } from "../features/lightbox/LightboxHost";
import { MinimapPanel } from "../features/minimap/MinimapPanel";
import { MissingDialog } from "../features/missing/MissingDialog";
import { NodeSearch } from "../features/nodeSearch/NodeSearch";
import { PaintHost } from "../features/painting/PaintHost";
import { Palette } from "../features/palette/Palette";
import { addPanels, makeRoom, panels } from "../features/panels/panels";
import { ErrorDialog } from "../features/run/ErrorDialog";
import { LiveRegion } from "../features/run/LiveRegion";
import { StatusLine } from "../features/run/StatusLine";
import { keepApplied, watchElsewhere } from "../features/settings/apply";
import { SettingsDialog } from "../features/settings/SettingsDialog";
import { Shortcuts } from "../features/shortcuts/ShortcutsDialog";
import { Breadcrumb } from "../features/subgraph/Breadcrumb";
import { CloseDialog } from "../features/tabs/CloseDialog";
import { locale, t } from "../lib/t";
import { GroupLayer } from "../nodes/GroupLayer";
import { NodeLayer } from "../nodes/NodeLayer";
import { NodeServicesContext } from "../nodes/services";
import type { Tab } from "../tabs/Tab";
import { Toasts } from "../ui/Toasts";
import { BUILT_IN } from "./builtInPanels";
import type { OpenEditor } from "./createEditor";
import { loadPersonal } from "./loadPersonal";
import { nodeServices } from "./nodeServices";
import { OpenPanel } from "./OpenPanel";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

export function Workspace({ editor }: { readonly editor: OpenEditor }) {
  const [host, setHost] = useState<HTMLElement | null>(null);
  const [engine, setEngine] = useState<Engine | null>(null);
  const rightOpen = useStore(panels, (state) => state.right !== null);
  const [settingsOpen, setSettingsOpen] = useState(false);

  const tab = useSyncExternalStore(editor.tabs.changed.on, () => editor.tabs.current);

  // Before the page goes on: a key pressed right after Alt+N is for the new canvas, and everything listens to it by then.
  useLayoutEffect(() => (host ? showTab(editor, tab, host, setEngine) : undefined), [host, editor, tab]);

  useEffect(() => listenToKeys(editor), [editor]);
  useEffect(() => watchElsewhere(() => void loadPersonal(editor.api, editor.settings)), [editor]);
  useEffect(() => addPanels(...BUILT_IN), []);
  useEffect(() => takeDroppedNodes(editor), [editor]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever tab is shown, it is to be seen
  useEffect(makeRoom, [tab]);
  useEffect(() => {
    host?.addEventListener("focusin", makeRoom);
    return () => host?.removeEventListener("focusin", makeRoom);
  }, [host]);
  useEffect(() => editor.settingsAsked.on(() => setSettingsOpen(true)), [editor]);
  useEffect(() => followSettings(editor, engine), [editor, engine]);

  const shownEngine = engine?.doc === tab.doc ? engine : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is read from the editor is another with each tab
  const features = useMemo(
    () => ({ editor, run: editor.run, settings: editor.settings }),
    [editor, tab, shownEngine],
  );
  const services = useMemo(
    () => shownEngine && nodeServices(editor, tab, shownEngine),
    [editor, tab, shownEngine],
  );
  const openImages = (files: readonly FileRef[], index: number, against?: number) =>
    editor.lookAsked.emit({ files, index, against });

  return (
    <FeaturesContext value={features}>
      <NodeServicesContext value={services}>
        <div className="workspace" data-panel={rightOpen || undefined}>
          <TopBar />
          <Rail onSettings={editor.openSettings} />
          <OpenPanel side="left" openImages={openImages} />
          <main className="canvas-area">
            {/* The engine owns what is inside; React never touches it. */}
            <div
              ref={setHost}
              className="canvas"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the canvas takes keys
              tabIndex={0}
              role="application"
              aria-label={t("Graph. Tab goes through the nodes, arrow keys follow their links.")}
            />
            <EmptyHint />
            <FirstRunHint />
            {shownEngine && <Breadcrumb />}
            {shownEngine && <MinimapPanel />}
          </main>
          <OpenPanel side="right" openImages={openImages} />
          {shownEngine && <StatusLine />}
        </div>
        {services && <AppMode openImages={openImages} />}
      </NodeServicesContext>
      {services && (
        <NodeServicesContext value={services}>
          <GroupLayer key={`groups ${locale()}`} />
          <NodeLayer key={`nodes ${locale()}`} />
        </NodeServicesContext>
      )}
      {shownEngine && <NodeSearch />}
      {shownEngine && <ChooseList />}
      {shownEngine && <ContextMenu />}
      {settingsOpen && <SettingsDialog onClose={() => setSettingsOpen(false)} />}
      <AskText />
      <LightboxHost />
      <PaintHost />
      {shownEngine && <FindNode />}
      <Palette />
      <Shortcuts />
      <SaveDialog />
      <ChangedDialog />
      <CloseDialog />
      <ErrorDialog />
      <MissingDialog />
      <DropZone />
      <Toasts />
      <LiveRegion />
    </FeaturesContext>
  );
}

/**
 * Puts the canvas of a tab into the page. Apart from the component: what the canvas keeps would keep the component's
 * variables with it, and so the canvas of the tab before, and the one before that.
 */
function showTab(
  editor: OpenEditor,
  tab: Tab,
  host: HTMLElement,
  setEngine: (engine: Engine | null) => void,
): () => void {
  const { doc, selection, status } = tab;
  const created = new Engine(host, doc, selection);
  created.setMarks({
    isFailed: (id) => status.get(doc.runId(id)).problems.length > 0,
    isRunning: (id) => status.get(doc.runId(id)).state === "running",
  });
  const off = status.changed.on(() => created.isFar && created.invalidate());
  editor.engine = created;
  if (tab.camera) created.camera = tab.camera;
  else created.fit(undefined, firstView);
  // Before the nodes are in the page: none is ever to be found where the view is not yet.
  created.flush();
  setEngine(created);
  return () => {
    off();
    tab.camera = created.camera;
    editor.engine = null;
    created.destroy();
    setEngine(null);
  };
}

/** Half of the dots' distance. */
const SNAP = 12;

function followSettings(editor: OpenEditor, engine: Engine | null): () => void {
  return keepApplied(editor.settings, () => {
    if (!engine) return;
    const { linkStyle, snap, wheel, drag } = editor.settings.get();
    engine.scene.linkStyle = linkStyle;
    engine.grid = snap === "on" ? SNAP : 1;
    engine.gestures = { wheel, drag };
    engine.themeChanged();
  });
}
