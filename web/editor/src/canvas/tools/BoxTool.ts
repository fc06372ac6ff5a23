import type { NodeId, RerouteId } from "../../graph/records";
import { intersects, rectOf } from "../../lib/geometry";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Selects what the drawn rectangle touches; with Shift or Ctrl in addition to what was selected before. */
export class BoxTool implements Tool {
  readonly name = "box";
  private readonly before: ReadonlySet<NodeId>;
  private readonly dotsBefore: ReadonlySet<RerouteId>;
  private readonly kept: ReadonlySet<NodeId>;
  private readonly dotsKept: ReadonlySet<RerouteId>;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
  ) {
    this.before = ctx.selection.ids;
    this.dotsBefore = ctx.selection.reroutes;
    if (!start.add) ctx.selection.clear();
    this.kept = start.add ? this.before : new Set();
    this.dotsKept = start.add ? this.dotsBefore : new Set();
  }

  move({ world }: PointerInput): void {
    const { scene, selection } = this.ctx;
    const box = rectOf(this.start.world, world);
    this.ctx.overlay = { box };
    const touched = scene.nodesIn(box).filter((id) => {
      const frame = scene.frame(id);
      return frame && intersects(frame, box);
    });
    selection.set([...this.kept, ...touched], [...this.dotsKept, ...scene.reroutes.isIn(box)]);
  }

  up(): void {
    this.ctx.overlay = {};
  }

  cancel(): void {
    this.ctx.overlay = {};
    this.ctx.selection.set(this.before, this.dotsBefore);
  }
}
