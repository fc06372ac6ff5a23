import type { NodeId, RerouteId } from "../../graph/records";
import { intersects, rectOf } from "../../lib/geometry";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Selects what the drawn rectangle touches, in addition to what was selected before. */
export class BoxTool implements Tool {
  readonly name = "box";
  private readonly before: ReadonlySet<NodeId>;
  private readonly dotsBefore: ReadonlySet<RerouteId>;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
  ) {
    this.before = ctx.selection.ids;
    this.dotsBefore = ctx.selection.reroutes;
  }

  move({ world }: PointerInput): void {
    const { scene, selection } = this.ctx;
    const box = rectOf(this.start.world, world);
    this.ctx.overlay = { box };
    const touched = scene.nodesIn(box).filter((id) => {
      const frame = scene.frame(id);
      return frame && intersects(frame, box);
    });
    selection.set([...this.before, ...touched], [...this.dotsBefore, ...scene.reroutes.isIn(box)]);
  }

  up(): void {
    this.ctx.overlay = {};
  }

  cancel(): void {
    this.ctx.overlay = {};
    this.ctx.selection.set(this.before, this.dotsBefore);
  }
}
