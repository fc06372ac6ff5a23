import { setGroupRect } from "../../graph/groups";
import type { GroupRecord } from "../../graph/records";
import type { Rect } from "../../lib/geometry";
import { MIN_GROUP } from "../groups";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Resizes a group by its lower right corner; what lies in it stays where it is. */
export class GroupResizeTool implements Tool {
  readonly name = "resize";
  private rect: Rect | null = null;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
    private readonly group: GroupRecord,
  ) {}

  move({ world }: PointerInput): void {
    const { rect, id } = this.group;
    const { grid } = this.ctx;
    const snap = (value: number) => Math.round(value / grid) * grid;
    this.rect = {
      ...rect,
      w: Math.max(MIN_GROUP.w, snap(rect.w + world.x - this.start.world.x)),
      h: Math.max(MIN_GROUP.h, snap(rect.h + world.y - this.start.world.y)),
    };
    this.ctx.scene.resizeGroup(id, this.rect);
  }

  up(): void {
    this.ctx.scene.endGroupResize();
    if (this.rect) setGroupRect(this.ctx.doc, this.group.id, this.rect);
  }

  cancel(): void {
    this.ctx.scene.endGroupResize();
  }
}
