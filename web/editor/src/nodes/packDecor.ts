/** What packs put on nodes besides widgets: short texts in the title, and a layer to draw on. */
import type { NodeId } from "../graph/records";
import { Emitter } from "../lib/emitter";

/** Draws into the element; may answer what is to be done when it leaves the page. */
export type Overlay = (element: HTMLElement) => unknown;

export interface NodeDecor {
  readonly badges: readonly string[];
  readonly overlay: Overlay | null;
}

const NOTHING: NodeDecor = { badges: [], overlay: null };
const decor = new Map<NodeId, NodeDecor>();

export const decorChanged = new Emitter<NodeId>();

export function decorOf(id: NodeId): NodeDecor {
  return decor.get(id) ?? NOTHING;
}

export function decorateNode(id: NodeId, change: Partial<NodeDecor>): void {
  const before = decorOf(id);
  const next = { ...before, ...change };
  if (next.overlay === before.overlay && next.badges.join("\n") === before.badges.join("\n")) return;
  decor.set(id, next);
  decorChanged.emit(id);
}

export function forgetDecor(): void {
  const ids = [...decor.keys()];
  decor.clear();
  for (const id of ids) decorChanged.emit(id);
}
