/** A canvas without a page: what tools see, and a hand that uses them. */

import type { GraphDocument } from "../graph/document";
import { Selection } from "../graph/selection";
import type { Point } from "../lib/geometry";
import { type Camera, toWorld } from "./camera";
import { type Gestures, STANDARD_GESTURES } from "./gestures";
import { hitTest } from "./hitTest";
import { Scene } from "./scene";
import { toolFor } from "./tools/select";
import type { OpenEnd, Overlay, PointerInput, Tool, ToolContext } from "./tools/tool";

interface Keys {
  readonly add?: boolean;
  readonly alt?: boolean;
  readonly button?: number;
  readonly space?: boolean;
}

export class TestCanvas implements ToolContext {
  readonly scene: Scene;
  readonly selection = new Selection();
  readonly offers: { at: Point; end: OpenEnd }[] = [];
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  overlay: Overlay = {};
  grid = 1;
  gestures: Gestures = STANDARD_GESTURES;

  constructor(readonly doc: GraphDocument) {
    this.scene = new Scene(doc);
  }

  offerNodes(at: PointerInput, end: OpenEnd): void {
    this.offers.push({ at: at.world, end });
  }

  input(screen: Point, keys: Keys = {}): PointerInput {
    return {
      screen,
      world: toWorld(this.camera, screen),
      add: keys.add ?? false,
      alt: keys.alt ?? false,
      button: keys.button ?? 0,
    };
  }

  press(screen: Point, keys: Keys = {}): Tool | null {
    const input = this.input(screen, keys);
    return toolFor(this, input, hitTest(this.scene, input.world, this.camera.zoom), keys.space ?? false);
  }

  /** Presses, moves in three steps, releases. */
  drag(from: Point, to: Point, keys: Keys = {}): Tool | null {
    const tool = this.press(from, keys);
    for (const t of [0.3, 0.7, 1]) {
      tool?.move(this.input({ x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }, keys));
    }
    tool?.up(this.input(to, keys));
    return tool;
  }

  inputAt(node: string, input: string): Point {
    return this.scene.inputPoint(node, input) ?? { x: Number.NaN, y: 0 };
  }

  outputAt(node: string, output: number): Point {
    return this.scene.outputPoint(node, output) ?? { x: Number.NaN, y: 0 };
  }

  titleAt(node: string): Point {
    const frame = this.scene.frame(node);
    return { x: (frame?.x ?? 0) + 60, y: (frame?.y ?? 0) + 10 };
  }
}
