/** Where packs put more into the menus of nodes and canvas. */
import type { NodeId } from "../graph/records";
import { Emitter } from "../lib/emitter";
import type { Point } from "../lib/geometry";
import type { MenuItem } from "../ui/Menu";

export interface MenuContent {
  readonly label: string;
  readonly items: readonly MenuItem[];
}

export type OpenMenu = (menu: MenuContent) => void;

export interface MenuSource {
  /** `open` shows another menu in the place of this one. */
  node?(id: NodeId, open: OpenMenu): readonly MenuItem[];
  canvas?(at: Point, open: OpenMenu): readonly MenuItem[];
}

export const menuSources = new Set<MenuSource>();

/** Somebody wants to show a menu of their own at a place in the page. */
export const menuOpened = new Emitter<MenuContent & { readonly page: Point }>();

export function packNodeItems(id: NodeId, open: OpenMenu): MenuItem[] {
  return [...menuSources].flatMap((source) => source.node?.(id, open) ?? []);
}

export function packCanvasItems(at: Point, open: OpenMenu): MenuItem[] {
  return [...menuSources].flatMap((source) => source.canvas?.(at, open) ?? []);
}
