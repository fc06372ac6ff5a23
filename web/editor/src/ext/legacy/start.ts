/** Gives packs the ComfyUI that they are written for, and calls their hooks in ComfyUI's order. */
import type { Editor } from "../../actions/editor";
import { menuSources } from "../../actions/packMenus";
import { decorateNode } from "../../nodes/packDecor";
import { onDocument } from "../shown";
import { LegacyApi } from "./api";
import { LegacyApp } from "./app";
import { LegacyCanvas } from "./canvas";
import { PackCatalogue } from "./catalogue";
import { setUpExtension } from "./contributions";
import { hasHook, invoke, invokeInTurn, late, registered } from "./extensions";
import { adoptAll, followDocument } from "./follow";
import { exposeGlobals } from "./globals";
import { LegacyGraph } from "./graph";
import { makeLiteGraph } from "./liteGraph";
import { menuItems } from "./menus";
import { overlayFor } from "./painting";
import { followRuns } from "./runs";
import { LegacyWorld } from "./world";

export interface Legacy {
  /** Once all scripts are there. Does nothing when none of them registered. */
  start(): Promise<void>;
}

export function prepareLegacy(editor: Editor): Legacy {
  const world = new LegacyWorld(editor);
  const graph = new LegacyGraph(world);
  const canvas = new LegacyCanvas(world, editor);
  const api = new LegacyApi(editor);
  const app = new LegacyApp(editor, world, graph, canvas, api);
  graph.app = app;
  world.graph = graph;
  world.canvas = canvas;
  const catalogue = new PackCatalogue(world, app);
  exposeGlobals(
    app,
    makeLiteGraph(world, canvas, (node) => catalogue.addPageNode(node)),
  );
  return { start: () => start(editor, app, catalogue) };
}

async function start(editor: Editor, app: LegacyApp, catalogue: PackCatalogue): Promise<void> {
  if (!registered.length && !catalogue.hasPageNodes) return;
  const { world, graph } = app;
  for (const one of registered) setUpExtension(app, one);
  await invokeInTurn("init", app);
  await catalogue.begin();
  editor.catalogue.read = (body) => catalogue.read(body);
  await editor.catalogue.refresh();
  await invokeInTurn("setup", app);
  followRuns(editor, app);
  followTabs(editor, world, graph);
  addMenus(app);
  late.register = (one) => {
    setUpExtension(app, one);
    for (const hook of ["init", "setup"]) invoke(hook, app);
  };
}

/** Nodes exist for the document that is shown. */
function followTabs(editor: Editor, world: LegacyWorld, graph: LegacyGraph): void {
  onDocument(editor, (doc) => {
    const offs = [
      followDocument(doc, world, graph),
      doc.touched.on(() => queueMicrotask(() => paintOn(world))),
    ];
    adoptAll(doc, world, graph);
    paintOn(world);
    return () => {
      for (const off of offs) off();
      world.forgetAll();
    };
  });
}

function paintOn(world: LegacyWorld): void {
  for (const node of world.nodes) decorateNode(node.key, { overlay: overlayFor(node) });
}

function addMenus(app: LegacyApp): void {
  const { world, canvas } = app;
  menuSources.add({
    node(id, open) {
      const node = world.node(id);
      if (!node) return [];
      const edit = (label: string, code: () => unknown) => node.edit(label, code);
      const more = hasHook("getNodeMenuItems") ? invoke("getNodeMenuItems", node).flat() : [];
      return menuItems([...canvas.getNodeMenuOptions(node), ...(more as never[])], node, open, edit);
    },
    canvas(_at, open) {
      const more = hasHook("getCanvasMenuItems") ? invoke("getCanvasMenuItems", canvas).flat() : [];
      return menuItems([...canvas.getCanvasMenuOptions(), ...(more as never[])], null, open);
    },
  });
}
