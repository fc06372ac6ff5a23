import { moveBy } from "../../graph/edit";
import type { GroupRecord, NodeId } from "../../graph/records";
import { contains, type Point } from "../../lib/geometry";
import type { PointerInput, Tool, ToolContext } from "./tool";

const THRESHOLD = 3;

/** Moves nodes, and a group with what lies in it. The document changes once, at the end. */
export class MoveTool implements Tool {
  readonly name = "move";
  private by: Point = { x: 0, y: 0 };
  private moved = false;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
    private readonly ids: ReadonlySet<NodeId>,
    private readonly groups: readonly GroupRecord[] = [],
    private readonly onClick: () => void = () => {},
  ) {}

  move({ screen, world }: PointerInput): void {
    const far = Math.hypot(screen.x - this.start.screen.x, screen.y - this.start.screen.y);
    if (!this.moved && far < THRESHOLD) return;
    this.moved = true;
    this.by = { x: Math.round(world.x - this.start.world.x), y: Math.round(world.y - this.start.world.y) };
    this.ctx.scene.drag(this.ids, this.by, new Set(this.groups.map((group) => group.id)));
  }

  up(): void {
    if (!this.moved) {
      this.onClick();
      return;
    }
    this.ctx.scene.endDrag();
    moveBy(this.ctx.doc, this.ids, this.by, this.groups);
  }

  cancel(): void {
    this.ctx.scene.endDrag();
  }
}

/** The nodes whose title corner lies in the group. */
export function nodesInGroup(ctx: ToolContext, group: GroupRecord): Set<NodeId> {
  const rect = ctx.scene.groupRect(group);
  const inside = ctx.scene.nodesIn(rect).filter((id) => {
    const frame = ctx.scene.frame(id);
    return frame && contains(rect, { x: frame.x + frame.w / 2, y: frame.y + frame.h / 2 });
  });
  return new Set(inside);
}
