/** `app.canvas`: selection, camera and menus as litegraph's code asks for them. */

import type { Editor } from "../../actions/editor";
import { menuOpened } from "../../actions/packMenus";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";
import { type LegacyMenuItem, menuItems } from "./menus";
import type { LegacyNode } from "./node";
import type { LegacyWorld } from "./world";

export class LegacyCanvas {
  static node_colors: Record<string, { color: string; bgcolor: string; groupcolor: string }> = {
    red: { color: "#322", bgcolor: "#533", groupcolor: "#A88" },
    brown: { color: "#332922", bgcolor: "#593930", groupcolor: "#b06634" },
    green: { color: "#232", bgcolor: "#353", groupcolor: "#8A8" },
    blue: { color: "#223", bgcolor: "#335", groupcolor: "#88A" },
    pale_blue: { color: "#2a363b", bgcolor: "#3f5159", groupcolor: "#3f789e" },
    cyan: { color: "#233", bgcolor: "#355", groupcolor: "#8AA" },
    purple: { color: "#323", bgcolor: "#535", groupcolor: "#a1309b" },
    yellow: { color: "#432", bgcolor: "#653", groupcolor: "#b58b2a" },
    black: { color: "#222", bgcolor: "#000", groupcolor: "#444" },
  };
  static active_canvas: LegacyCanvas | null = null;
  default_connection_color_byType: Record<string, string> = {};
  allow_interaction = true;
  allow_dragnodes = true;
  node_over: LegacyNode | null = null;
  current_node: LegacyNode | null = null;
  connecting_links: unknown = null;
  state = {};
  private mouse: [number, number] = [0, 0];

  constructor(
    private readonly world: LegacyWorld,
    private readonly editor: Editor,
  ) {
    LegacyCanvas.active_canvas = this;
    window.addEventListener(
      "pointermove",
      (event) => {
        this.mouse = [event.clientX, event.clientY];
      },
      { passive: true },
    );
  }

  get graph(): unknown {
    return this.world.graph;
  }

  get canvas(): HTMLElement {
    return this.editor.engine?.host ?? document.body;
  }

  /** In the world, where the pointer is. */
  get graph_mouse(): [number, number] {
    const world = this.editor.engine?.pointAt(...this.mouse).world;
    return world ? [world.x, world.y] : [0, 0];
  }

  get ds(): { scale: number; offset: [number, number] } {
    const { x = 0, y = 0, zoom = 1 } = this.editor.engine?.camera ?? {};
    return { scale: zoom, offset: [x / zoom, y / zoom] };
  }

  get selected_nodes(): Record<string, LegacyNode> {
    const found = [...this.editor.selection.ids].flatMap((id) => this.world.node(id) ?? []);
    return Object.fromEntries(found.map((node) => [node.key, node]));
  }

  get selectedItems(): Set<LegacyNode> {
    return new Set(Object.values(this.selected_nodes));
  }

  selectNode(node: LegacyNode | null, add = false): void {
    if (!node) this.editor.selection.clear();
    else if (add) this.editor.selection.add([node.key]);
    else this.editor.selection.set([node.key]);
  }

  selectNodes(nodes: readonly LegacyNode[] = this.world.nodes): void {
    this.editor.selection.set(nodes.map((node) => node.key));
  }

  select(node: LegacyNode): void {
    this.selectNode(node, true);
  }

  deselectAllNodes(): void {
    this.editor.selection.clear();
  }

  deselectAll(): void {
    this.editor.selection.clear();
  }

  centerOnNode(node: LegacyNode): void {
    this.editor.engine?.fit([node.key]);
  }

  setDirty(): void {
    this.world.settleSoon();
  }

  draw(): void {
    this.world.settleSoon();
  }

  convertEventToCanvasOffset(event: MouseEvent): [number, number] {
    const world = this.editor.engine?.pointAt(event.clientX, event.clientY).world;
    return world ? [world.x, world.y] : [0, 0];
  }

  convertOffsetToCanvas([x, y]: [number, number]): [number, number] {
    const { scale, offset } = this.ds;
    return [(x + offset[0]) * scale, (y + offset[1]) * scale];
  }

  /** Asks for one value. Packs put this in the place of `window.prompt`. */
  prompt(title: string, value: unknown, callback: (value: string) => void): void {
    const answer = window.prompt(title, String(value ?? ""));
    if (answer !== null) callback(answer);
  }

  showMenu(items: readonly (LegacyMenuItem | null)[], label: string, event?: MouseEvent): void {
    const [x, y] = event ? [event.clientX, event.clientY] : this.mouse;
    const page = { x, y };
    const open = (menu: Parameters<typeof menuItems>[2] extends (m: infer M) => void ? M : never) =>
      menuOpened.emit({ ...menu, page });
    menuOpened.emit({ label, items: menuItems(items, null, open), page });
  }

  // Packs put their own methods in the place of these two and call the old ones first.
  getCanvasMenuOptions(): (LegacyMenuItem | null)[] {
    return [];
  }

  getNodeMenuOptions(node: LegacyNode): (LegacyMenuItem | null)[] {
    const options: (LegacyMenuItem | null)[] = [];
    const more = node.tell("getExtraMenuOptions", this, options);
    return Array.isArray(more) ? [...options, ...more.filter((item) => !options.includes(item))] : options;
  }

  getExtraMenuOptions(): (LegacyMenuItem | null)[] {
    return [];
  }

  processContextMenu(): void {}
  drawNode(): void {}
  drawNodeShape(): void {}
  drawNodeWidgets(): void {}
  processKey(): void {}
  processMouseDown(): void {}
  showSearchBox(): void {
    showToast({ kind: "info", topic: "pack", title: t("Double-click the canvas to add a node") });
  }
}
