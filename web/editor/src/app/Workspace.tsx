/** The frame around the canvas. */
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { FileRef } from "../api/types";
import { Engine } from "../canvas/Engine";
import { FeaturesContext } from "../features/context";
import { ContextMenu } from "../features/contextMenu/ContextMenu";
import { DropZone } from "../features/drop/DropZone";
import { EmptyHint } from "../features/hint/EmptyHint";
import { FirstRunHint } from "../features/hint/FirstRunHint";
import { listenToKeys } from "../features/keyboard/keyboard";
import { SaveDialog } from "../features/library/SaveDialog";
import { Lightbox, type Shown } from "../features/lightbox/Lightbox";
import { MinimapPanel } from "../features/minimap/MinimapPanel";
import { NodeSearch } from "../features/nodeSearch/NodeSearch";
import { addPanels, panels } from "../features/panels/panels";
import { LiveRegion } from "../features/run/LiveRegion";
import { StatusLine } from "../features/run/StatusLine";
import { keepApplied } from "../features/settings/apply";
import { SettingsDialog } from "../features/settings/SettingsDialog";
import { GroupLayer } from "../nodes/GroupLayer";
import { NodeLayer } from "../nodes/NodeLayer";
import { NodeServicesContext } from "../nodes/services";
import { Toasts } from "../ui/Toasts";
import { BUILT_IN } from "./builtInPanels";
import type { OpenEditor } from "./createEditor";
import { nodeServices } from "./nodeServices";
import { OpenPanel } from "./OpenPanel";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

export function Workspace({ editor }: { readonly editor: OpenEditor }) {
  const [host, setHost] = useState<HTMLElement | null>(null);
  const [engine, setEngine] = useState<Engine | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const rightOpen = useStore(panels, (state) => state.right !== null);
  const [settingsOpen, setSettingsOpen] = useState(false);

  useEffect(() => {
    if (!host) return;
    const created = new Engine(host, editor.doc, editor.selection);
    created.setMarks({
      isFailed: (id) => editor.status.get(editor.doc.runId(id)).problems.length > 0,
      isRunning: (id) => editor.status.get(editor.doc.runId(id)).state === "running",
    });
    const off = editor.status.changed.on(() => created.isFar && created.invalidate());
    editor.engine = created;
    created.fit();
    setEngine(created);
    return () => {
      off();
      editor.engine = null;
      created.destroy();
      setEngine(null);
    };
  }, [host, editor]);

  useEffect(() => listenToKeys(editor), [editor]);
  useEffect(() => addPanels(...BUILT_IN), []);
  useEffect(() => editor.settingsAsked.on(() => setSettingsOpen(true)), [editor]);
  useEffect(() => followSettings(editor, engine), [editor, engine]);

  const features = useMemo(() => ({ editor, run: editor.run, settings: editor.settings }), [editor]);
  const services = useMemo(
    () => engine && nodeServices(editor, engine, (images, index) => setShown({ images, index })),
    [editor, engine],
  );
  const openImages = (images: readonly FileRef[], index: number) => setShown({ images, index });

  return (
    <FeaturesContext value={features}>
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
            aria-label="Graph. Tab goes through the nodes, arrow keys follow their links."
          />
          <EmptyHint />
          <FirstRunHint />
          {engine && <MinimapPanel />}
        </main>
        <OpenPanel side="right" openImages={openImages} />
        {engine && <StatusLine />}
      </div>
      {services && (
        <NodeServicesContext value={services}>
          <GroupLayer />
          <NodeLayer />
        </NodeServicesContext>
      )}
      {engine && <NodeSearch />}
      {engine && <ContextMenu />}
      {shown && <Lightbox shown={shown} onClose={() => setShown(null)} />}
      {settingsOpen && <SettingsDialog onClose={() => setSettingsOpen(false)} />}
      <SaveDialog />
      <DropZone />
      <Toasts />
      <LiveRegion />
    </FeaturesContext>
  );
}

/** Half of the dots' distance. */
const SNAP = 12;

function followSettings(editor: OpenEditor, engine: Engine | null): () => void {
  return keepApplied(editor.settings, () => {
    if (!engine) return;
    const { linkStyle, snap } = editor.settings.get();
    engine.scene.linkStyle = linkStyle;
    engine.grid = snap === "on" ? SNAP : 1;
    engine.themeChanged();
  });
}
