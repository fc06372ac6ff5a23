/** What tools see of the canvas and what the canvas asks of them. A tool lives from press to release. */

import type { GraphDocument } from "../../graph/document";
import type { InputRef, OutputRef } from "../../graph/edit";
import type { LinkRecord, RerouteId } from "../../graph/records";
import type { Selection } from "../../graph/selection";
import type { Point, Rect } from "../../lib/geometry";
import type { Camera } from "../camera";
import type { Curve } from "../curve";
import type { Gestures } from "../gestures";
import type { Scene } from "../scene";

export interface PointerInput {
  readonly screen: Point;
  readonly world: Point;
  /** Shift or Ctrl/Cmd: add to what is selected. */
  readonly add: boolean;
  readonly alt?: boolean;
  readonly button: number;
  readonly finger?: boolean;
}

export interface Overlay {
  readonly box?: Rect;
  /** The link that is being made, and whether it would hold where it is now. */
  readonly draft?: { readonly curve: Curve; readonly type: string; readonly snapped: boolean };
  /** A link that would take what is dragged. */
  readonly lit?: LinkRecord;
  /** Where copies of nodes would come to lie. */
  readonly ghosts?: readonly Rect[];
  /** Slots that would take it. */
  readonly targets?: readonly { readonly at: Point; readonly type: string }[];
}

/** One end of a link that waits for a node. */
export type OpenEnd =
  | {
      readonly kind: "output";
      readonly ref: OutputRef;
      readonly type: string;
      /** The reroute that the link branches off from. */
      readonly via?: RerouteId | null;
    }
  | { readonly kind: "input"; readonly ref: InputRef; readonly type: string };

export interface ToolContext {
  readonly doc: GraphDocument;
  readonly scene: Scene;
  readonly selection: Selection;
  camera: Camera;
  /** Places are multiples of this when something is dropped. */
  readonly grid: number;
  readonly gestures: Gestures;
  overlay: Overlay;
  /** A link was dropped on empty canvas. */
  offerNodes(at: PointerInput, end: OpenEnd): void;
}

export interface Tool {
  readonly name: "pan" | "box" | "move" | "link" | "resize" | "pinch";
  move(input: PointerInput): void;
  up(input: PointerInput): void;
  /** Esc, a lost pointer, a second finger: everything is as it was before. */
  cancel(): void;
}
