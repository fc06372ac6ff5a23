import { resizeNode } from "../../graph/edit";
import type { NodeId } from "../../graph/records";
import { MIN_WIDTH } from "../nodeLayout";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Resizes one node by its lower right corner; the layout never lets it become smaller than its content. */
export class ResizeTool implements Tool {
  readonly name = "resize";
  private size: { w: number; h: number } | null = null;
  private readonly from: { w: number; h: number };

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
    private readonly id: NodeId,
  ) {
    const layout = ctx.scene.layout(id);
    this.from = { w: layout?.w ?? MIN_WIDTH, h: layout?.h ?? 0 };
  }

  move({ world }: PointerInput): void {
    this.size = {
      w: Math.max(MIN_WIDTH, Math.round(this.from.w + world.x - this.start.world.x)),
      h: Math.max(1, Math.round(this.from.h + world.y - this.start.world.y)),
    };
    this.ctx.scene.resize(this.id, this.size);
  }

  up(): void {
    const layout = this.ctx.scene.layout(this.id);
    this.ctx.scene.endResize();
    if (this.size && layout) resizeNode(this.ctx.doc, this.id, { w: layout.w, h: layout.h });
  }

  cancel(): void {
    this.ctx.scene.endResize();
  }
}
