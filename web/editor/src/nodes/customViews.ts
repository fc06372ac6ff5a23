/** Widgets that packs draw themselves: plain elements, given a place in a node. */
import type { NodeId } from "../graph/records";
import type { Json } from "../lib/json";

export interface CustomContext {
  readonly id: NodeId;
  readonly name: string;
  readonly label: string;
  readonly value: Json;
  set(value: Json): void;
  /** Hears of changes that come from elsewhere, undo among them. */
  onValue(listener: (value: Json) => void): void;
  /** Ends when the widget leaves the page. */
  readonly signal: AbortSignal;
}

/** Draws into the element; may answer what is to be done when it leaves the page. */
export type CustomView = (element: HTMLElement, context: CustomContext) => unknown;

const views = new Map<string, CustomView>();

export function registerView(name: string, view: CustomView): () => void {
  views.set(name, view);
  return () => {
    if (views.get(name) === view) views.delete(name);
  };
}

export function viewNamed(name: string): CustomView | undefined {
  return views.get(name);
}
