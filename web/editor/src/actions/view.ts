import { freePlace } from "../canvas/freePlace";
import { t } from "../lib/t";
import type { Action } from "./action";

export const viewActions: readonly Action[] = [
  {
    id: "fit",
    label: () => t("Fit view"),
    keys: ["."],
    run: ({ engine, selection }) => engine?.fit(selection.ids.size ? selection.ids : undefined),
  },
  {
    id: "zoomIn",
    label: () => t("Zoom in"),
    keys: ["Ctrl+=", "Ctrl++"],
    run: ({ engine }) => engine?.zoomBy(1.25),
  },
  { id: "zoomOut", label: () => t("Zoom out"), keys: ["Ctrl+-"], run: ({ engine }) => engine?.zoomBy(0.8) },
  {
    id: "actualSize",
    label: () => t("Actual size"),
    keys: ["Ctrl+0"],
    run: ({ engine }) => engine?.zoomBy(1 / engine.camera.zoom),
  },
  {
    id: "addNode",
    label: () => t("Add node"),
    keys: ["Shift+A"],
    run: ({ engine, selection }) => {
      if (!engine) return;
      const screen = { x: engine.view.w / 2, y: engine.view.h / 3 };
      const [only, ...others] = selection.ids;
      const beside = only !== undefined && !others.length ? freePlace(engine.scene, only) : null;
      engine.offerNodes({ screen, world: beside ?? engine.center(), add: false, button: 0 }, null);
    },
  },
  {
    id: "theme",
    label: () => t("Switch between dark and light"),
    keys: ["Ctrl+Alt+T"],
    run: (editor) => editor.toggleTheme(),
  },
  {
    id: "menu",
    label: () => t("Show menu"),
    keys: ["ContextMenu", "Shift+F10"],
    run: ({ engine }) => engine?.askMenuAtFocus(),
  },
  {
    id: "library",
    label: () => t("Workflows"),
    keys: ["Ctrl+Alt+W"],
    run: (editor) => editor.togglePanel("workflows"),
  },
  {
    id: "outputs",
    label: () => t("Outputs"),
    keys: ["Ctrl+Alt+O"],
    run: (editor) => editor.togglePanel("outputs"),
  },
  { id: "minimap", label: () => t("Minimap"), keys: ["Alt+M"], run: (editor) => editor.toggleMinimap() },
  { id: "settings", label: () => t("Settings"), keys: ["Ctrl+,"], run: (editor) => editor.openSettings() },
  {
    id: "panel",
    label: () => t("Queue and history"),
    keys: ["Ctrl+H"],
    run: (editor) => editor.togglePanel("queue"),
  },
];
