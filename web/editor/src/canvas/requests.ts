/** What the canvas asks of the page around it. */
import type { Point } from "../lib/geometry";
import type { Hit } from "./hitTest";
import type { OpenEnd } from "./tools/tool";

export interface NodeOffer {
  /** Where the new node goes, in the world. */
  readonly world: Point;
  /** Where to show the search, in the page. */
  readonly page: Point;
  readonly end: OpenEnd | null;
}

/** Somebody wants to see what can be done here. */
export interface MenuRequest {
  readonly hit: Hit;
  readonly world: Point;
  /** Where to show it, in the page. */
  readonly page: Point;
}
