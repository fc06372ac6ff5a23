import { moveBy } from "../../graph/edit";
import type { GroupRecord, NodeId, RerouteId } from "../../graph/records";
import type { Point } from "../../lib/geometry";
import type { PointerInput, Tool, ToolContext } from "./tool";

const THRESHOLD = 3;

/** Moves nodes that are not pinned, and a group with what lies in it. The document changes once, at the end. */
export class MoveTool implements Tool {
  readonly name = "move";
  private readonly ids: ReadonlySet<NodeId>;
  private by: Point = { x: 0, y: 0 };
  private moved = false;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
    ids: ReadonlySet<NodeId>,
    private readonly groups: readonly GroupRecord[] = [],
    private readonly onClick: () => void = () => {},
    private readonly reroutes: ReadonlySet<RerouteId> = new Set(),
  ) {
    this.ids = new Set([...ids].filter((id) => ctx.doc.node(id)?.pinned !== true));
  }

  move({ screen, world }: PointerInput): void {
    const far = Math.hypot(screen.x - this.start.screen.x, screen.y - this.start.screen.y);
    if (!this.moved && far < THRESHOLD) return;
    this.moved = true;
    this.by = this.snapped({ x: world.x - this.start.world.x, y: world.y - this.start.world.y });
    const groups = new Set(this.groups.map((group) => group.id));
    this.ctx.scene.drag(this.ids, this.by, groups, this.reroutes);
  }

  /** So that the first of what moves comes to lie on the grid. */
  private snapped(by: Point): Point {
    const { doc, grid } = this.ctx;
    const [first] = this.ids;
    const [dot] = this.reroutes;
    const node = first === undefined ? undefined : doc.node(first)?.pos;
    const from = this.groups[0]?.rect ?? node ?? (dot === undefined ? undefined : doc.reroute(dot)?.pos);
    const snap = (start: number, distance: number) => Math.round((start + distance) / grid) * grid - start;
    return from ? { x: snap(from.x, by.x), y: snap(from.y, by.y) } : by;
  }

  up(): void {
    if (!this.moved) {
      this.onClick();
      return;
    }
    this.ctx.scene.endDrag();
    moveBy(this.ctx.doc, this.ids, this.by, this.groups, undefined, this.reroutes);
  }

  cancel(): void {
    this.ctx.scene.endDrag();
  }
}
