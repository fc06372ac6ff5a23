import type { Point } from "../../lib/geometry";
import { type Camera, panBy } from "../camera";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Moves the camera with the pointer. A press that never moved counts as a click on nothing. */
export class PanTool implements Tool {
  readonly name = "pan";
  private readonly start: Point;
  private readonly camera: Camera;
  private moved = false;

  constructor(
    private readonly ctx: ToolContext,
    input: PointerInput,
    private readonly onClick: () => void = () => {},
  ) {
    this.start = input.screen;
    this.camera = ctx.camera;
  }

  move({ screen }: PointerInput): void {
    const [dx, dy] = [screen.x - this.start.x, screen.y - this.start.y];
    if (!this.moved && Math.hypot(dx, dy) < 3) return;
    this.moved = true;
    this.ctx.camera = panBy(this.camera, dx, dy);
  }

  up(): void {
    if (!this.moved) this.onClick();
  }

  cancel(): void {
    this.ctx.camera = this.camera;
  }
}
