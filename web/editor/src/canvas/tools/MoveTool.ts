import { moveBy } from "../../graph/edit";
import type { GroupRecord, LinkRecord, NodeId, RerouteId } from "../../graph/records";
import { splice, spliceSlots } from "../../graph/splice";
import type { Point } from "../../lib/geometry";
import { nearestOn } from "../curve";
import type { PointerInput, Tool, ToolContext } from "./tool";

const THRESHOLD = 3;
/** How near a link must pass the middle of a node that is put on it. */
const REACH = 40;

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
    const link = this.linkUnder();
    if (link || this.ctx.overlay.lit) this.ctx.overlay = link ? { lit: link } : {};
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
    const { doc, scene } = this.ctx;
    const link = this.linkUnder();
    scene.endDrag();
    this.ctx.overlay = {};
    doc.transact("Move", () => {
      moveBy(doc, this.ids, this.by, this.groups, undefined, this.reroutes);
      const [id] = this.ids;
      if (link && id !== undefined) splice(doc, link, id);
    });
  }

  /** The link that a single node without links would be put on. */
  private linkUnder(): LinkRecord | null {
    const { doc, scene } = this.ctx;
    const [id, ...others] = this.ids;
    if (id === undefined || others.length || this.groups.length || doc.linksOf(id).length) return null;
    const frame = scene.frame(id);
    if (!frame) return null;
    const middle = { x: frame.x + frame.w / 2, y: frame.y + frame.h / 2 };
    const reach = Math.min(REACH, frame.h / 2);
    const near = scene
      .linksIn(frame)
      .filter((link) => nearestOn(scene.way(link) ?? [], middle).distance <= reach);
    return near.find((link) => spliceSlots(doc, link, id)) ?? null;
  }

  cancel(): void {
    this.ctx.overlay = {};
    this.ctx.scene.endDrag();
  }
}
