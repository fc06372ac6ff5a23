import { distance, type Point } from "../../lib/geometry";
import { type Camera, panBy, zoomAt } from "../camera";
import type { Tool, ToolContext } from "./tool";

/** Two fingers: the point between them stays under them, their distance is the zoom. */
export class PinchTool implements Tool {
  readonly name = "pinch";
  private readonly camera: Camera;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: readonly [Point, Point],
  ) {
    this.camera = ctx.camera;
  }

  fingers(a: Point, b: Point): void {
    const [before, now] = [middle(...this.start), middle(a, b)];
    const factor = distance(a, b) / Math.max(1, distance(...this.start));
    this.ctx.camera = panBy(zoomAt(this.camera, before, factor), now.x - before.x, now.y - before.y);
  }

  move(): void {}
  up(): void {}

  cancel(): void {
    this.ctx.camera = this.camera;
  }
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
