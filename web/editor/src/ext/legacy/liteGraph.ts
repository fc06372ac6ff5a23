/** The part of litegraph's namespace that packs use. */

import { callingPack, deprecate } from "../../features/packs/packs";
import { compatible } from "../../graph/types";
import type { LegacyCanvas } from "./canvas";
import type { LegacyMenuItem } from "./menus";
import { LegacyNode } from "./node";
import type { LegacyWorld, NodeClass } from "./world";

export interface PageNode {
  readonly type: string;
  readonly Class: NodeClass;
  readonly pack: string | null;
}

/** `registerNode` hears of classes that live in the page only. */
export function makeLiteGraph(
  world: LegacyWorld,
  canvas: LegacyCanvas,
  registerNode: (node: PageNode) => void,
): Record<string, unknown> {
  class ContextMenu {
    constructor(
      items: (LegacyMenuItem | string)[],
      options: { title?: string; event?: MouseEvent; callback?: (...args: unknown[]) => unknown } = {},
    ) {
      const { title = "Choose", event, callback } = options;
      const listed = items.map((item) => {
        const entry: LegacyMenuItem = typeof item === "string" ? { content: item } : item;
        if (!entry || entry.callback || entry.submenu) return entry;
        return { ...entry, callback: () => callback?.(item, options, event) };
      });
      canvas.showMenu(listed, title, event);
    }
    close(): void {}
  }

  return {
    VERSION: 0.4,
    INPUT: 1,
    OUTPUT: 2,
    EVENT: -1,
    ACTION: -1,
    ALWAYS: 0,
    ON_EVENT: 1,
    NEVER: 2,
    ON_TRIGGER: 3,
    NODE_TITLE_HEIGHT: 28,
    NODE_SLOT_HEIGHT: 24,
    NODE_WIDGET_HEIGHT: 24,
    NODE_WIDTH: 260,
    NODE_MIN_WIDTH: 180,
    NODE_TEXT_SIZE: 13,
    NODE_SUBTEXT_SIZE: 12,
    NODE_DEFAULT_COLOR: "#333",
    NODE_DEFAULT_BGCOLOR: "#353535",
    NODE_TEXT_COLOR: "#e6e6e6",
    NODE_TITLE_COLOR: "#e6e6e6",
    NODE_DEFAULT_SHAPE: 2,
    WIDGET_BGCOLOR: "#2b2b2b",
    WIDGET_OUTLINE_COLOR: "#444",
    WIDGET_TEXT_COLOR: "#e6e6e6",
    WIDGET_SECONDARY_TEXT_COLOR: "#9a9a9a",
    LINK_COLOR: "#9a9a9a",
    BOX_SHAPE: 1,
    ROUND_SHAPE: 2,
    CIRCLE_SHAPE: 3,
    CARD_SHAPE: 4,
    ARROW_SHAPE: 5,
    GRID_SHAPE: 6,
    HIDDEN_LINK: -1,
    STRAIGHT_LINK: 0,
    LINEAR_LINK: 1,
    SPLINE_LINK: 2,
    CENTER: 5,
    UP: 1,
    DOWN: 2,
    LEFT: 3,
    RIGHT: 4,
    alt_drag_do_clone_nodes: true,
    use_uuids: false,
    ContextMenu,
    LGraphNode: LegacyNode,
    get registered_node_types() {
      return Object.fromEntries(world.classes);
    },
    get Nodes() {
      return Object.fromEntries(world.classes);
    },
    registerNodeType(type: string, Class: NodeClass) {
      registerNode({ type, Class, pack: callingPack() });
    },
    createNode: (type: string, title?: string, options?: object) => {
      const node = world.createNode(type, title);
      return node && Object.assign(node, options);
    },
    getNodeType: (type: string) => world.classes.get(type),
    isValidConnection: (a: unknown, b: unknown) => compatible(String(a), String(b)),
    uuidv4: () => crypto.randomUUID?.() ?? String(Math.random()).slice(2),
    getTime: () => performance.now(),
    cloneObject: (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value))),
    closeAllContextMenus() {},
    isInsideRectangle: (x: number, y: number, left: number, top: number, w: number, h: number) =>
      left < x && left + w > x && top < y && top + h > y,
    extendClass(target: { prototype: object }, origin: { prototype: object }) {
      deprecate("LiteGraph.extendClass", "write class A extends B");
      Object.setPrototypeOf(target.prototype, origin.prototype);
    },
  };
}
