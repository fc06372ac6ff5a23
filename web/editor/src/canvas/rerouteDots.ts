/** Where the reroutes of the open sheet are, with a drag that is under way. */
import type { GraphDocument } from "../graph/document";
import type { RerouteId } from "../graph/records";
import { chainOf } from "../graph/rerouteChains";
import { distance, type Point, type Rect } from "../lib/geometry";
import { SpatialIndex } from "./spatialIndex";

export const REROUTE_RADIUS = 6;
const REACH = 11;

export class RerouteDots {
  private readonly index = new SpatialIndex<RerouteId>();
  private count = 0;
  private dragged: { readonly ids: ReadonlySet<RerouteId>; readonly by: Point } | null = null;

  constructor(private readonly doc: GraphDocument) {
    this.refresh();
  }

  get some(): boolean {
    return this.count > 0;
  }

  refresh(): void {
    this.index.clear();
    this.count = 0;
    for (const { id } of this.doc.reroutes()) this.place(id);
  }

  private place(id: RerouteId): void {
    const pos = this.pos(id);
    if (!pos) return;
    this.index.set(id, { ...pos, w: 0, h: 0 });
    this.count++;
  }

  pos(id: RerouteId): Point | undefined {
    const pos = this.doc.reroute(id)?.pos;
    if (!pos || !this.dragged?.ids.has(id)) return pos;
    return { x: pos.x + this.dragged.by.x, y: pos.y + this.dragged.by.y };
  }

  drag(ids: ReadonlySet<RerouteId>, by: Point): void {
    if (!ids.size && !this.dragged) return;
    this.dragged = { ids, by };
    this.refresh();
  }

  endDrag(): void {
    if (!this.dragged) return;
    this.dragged = null;
    this.refresh();
  }

  isIn(area: Rect): RerouteId[] {
    return this.count ? [...this.index.query(area)] : [];
  }

  /** The dot under a point. */
  at(p: Point, scale: number): RerouteId | undefined {
    const reach = REACH * scale;
    const near = this.isIn({ x: p.x - reach, y: p.y - reach, w: 2 * reach, h: 2 * reach });
    const far = (id: RerouteId) => distance(this.pos(id) ?? { x: Infinity, y: 0 }, p);
    return near.filter((id) => far(id) <= reach).sort((a, b) => far(a) - far(b))[0];
  }

  /** The points that a link is led through, from its output to its input. */
  chain(last: RerouteId | null): Point[] {
    return last === null ? [] : chainOf(this.doc, last).flatMap(({ id }) => this.pos(id) ?? []);
  }
}
