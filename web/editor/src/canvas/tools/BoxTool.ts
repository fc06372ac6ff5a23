import type { NodeId } from "../../graph/records";
import { intersects, rectOf } from "../../lib/geometry";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Selects what the drawn rectangle touches, in addition to what was selected before. */
export class BoxTool implements Tool {
  readonly name = "box";
  private readonly before: ReadonlySet<NodeId>;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
  ) {
    this.before = ctx.selection.ids;
  }

  move({ world }: PointerInput): void {
    const { scene, selection } = this.ctx;
    const box = rectOf(this.start.world, world);
    this.ctx.overlay = { box };
    const touched = scene.nodesIn(box).filter((id) => {
      const frame = scene.frame(id);
      return frame && intersects(frame, box);
    });
    selection.set([...this.before, ...touched]);
  }

  up(): void {
    this.ctx.overlay = {};
  }

  cancel(): void {
    this.ctx.overlay = {};
    this.ctx.selection.set(this.before);
  }
}
