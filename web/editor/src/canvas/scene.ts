/**
 * The document as geometry: layouts, rectangles, curves, stacking order, and what is being dragged right now.
 * Derived data only; it follows the document and is thrown away with it.
 */

import type { GraphDocument } from "../graph/document";
import type { NodeShape } from "../graph/nodeShape";
import type { GroupRecord, LinkRecord, NodeId, NodeRecord, RerouteId } from "../graph/records";
import { Emitter } from "../lib/emitter";
import { type Point, type Rect, union } from "../lib/geometry";
import { type Curve, curveBounds, type LinkStyle, wayThrough } from "./curve";
import { frameOf, layOutNode, NO_EXTRAS, type NodeExtras, type NodeLayout } from "./nodeLayout";
import { RerouteDots } from "./rerouteDots";
import { SpatialIndex } from "./spatialIndex";

interface CachedLayout {
  readonly shape: NodeShape;
  readonly size: NodeRecord["size"];
  readonly extras: NodeExtras;
  readonly collapsed: boolean;
  readonly layout: NodeLayout;
}

export class Scene {
  /** Nodes whose layout or place changed; the picture must be drawn again. */
  readonly changed = new Emitter<ReadonlySet<NodeId>>();
  /** A link that is being pulled off its input, and so is drawn by the tool instead. */
  hiddenLink: string | null = null;
  readonly reroutes: RerouteDots;

  private linkStyle_: LinkStyle = "curved";
  private readonly layouts = new Map<NodeId, CachedLayout>();
  private readonly extras = new Map<NodeId, NodeExtras>();
  private readonly ways = new Map<string, readonly Curve[]>();
  private readonly nodeIndex = new SpatialIndex<NodeId>();
  private readonly linkIndex = new SpatialIndex<string>();
  private readonly order = new Map<NodeId, number>();
  private readonly watchers = new Map<NodeId, Set<() => void>>();
  private readonly offs: readonly (() => void)[];
  private nextOrder = 1;
  private dragged: { ids: ReadonlySet<NodeId>; groups: ReadonlySet<string>; by: Point } | null = null;
  private sizedGroup: { id: string; rect: Rect } | null = null;
  private sized: { id: NodeId; size: NodeRecord["size"] } | null = null;

  constructor(readonly doc: GraphDocument) {
    this.reroutes = new RerouteDots(doc);
    this.offs = [
      doc.touched.on((ids) => this.refresh(ids)),
      doc.store.changed.on((diff) => {
        // Links are indexed by the nodes they hang on; the ones that are gone must leave the index themselves.
        let led = false;
        for (const { before, after } of diff.values()) {
          if (before?.kind === "link" && !after) this.dropLink(before.id);
          if (before?.kind === "group" || after?.kind === "group") this.changed.emit(new Set());
          led ||= (after ?? before)?.kind === "reroute";
        }
        if (led) this.placeReroutes();
      }),
      doc.navigated.on(() => this.placeReroutes()),
      doc.replacing.on(() => this.extras.clear()),
    ];
    this.refresh(new Set([...doc.nodes()].map((node) => node.id)));
  }

  /** The document goes on without it. */
  destroy(): void {
    for (const off of this.offs) off();
  }

  /** The same object until something that it depends on changes, so views can compare it. */
  layout(id: NodeId): NodeLayout | undefined {
    const node = this.doc.node(id);
    const shape = this.doc.shape(id);
    if (!node || !shape) {
      this.layouts.delete(id);
      return undefined;
    }
    const size = this.sized?.id === id ? this.sized.size : node.size;
    const extras = this.extras.get(id) ?? NO_EXTRAS;
    const { collapsed } = node;
    const known = this.layouts.get(id);
    if (
      known?.shape === shape &&
      known.size === size &&
      known.extras === extras &&
      known.collapsed === collapsed
    ) {
      return known.layout;
    }
    const layout = layOutNode(node, shape, extras, size);
    this.layouts.set(id, { shape, size, extras, collapsed, layout });
    return layout;
  }

  /** Called when the layout of one node changes: for the view inside it. */
  watchLayout(id: NodeId, listener: () => void): () => void {
    const listeners = this.watchers.get(id) ?? new Set();
    listeners.add(listener);
    this.watchers.set(id, listeners);
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.watchers.get(id) === listeners) this.watchers.delete(id);
    };
  }

  /** Where the body's top left is, with a drag that is under way. */
  pos(id: NodeId): Point | undefined {
    const pos = this.doc.node(id)?.pos;
    if (!pos || !this.dragged?.ids.has(id)) return pos;
    return { x: pos.x + this.dragged.by.x, y: pos.y + this.dragged.by.y };
  }

  frame(id: NodeId): Rect | undefined {
    if (!this.doc.isHere(id)) return undefined;
    const [pos, layout] = [this.pos(id), this.layout(id)];
    return pos && layout && frameOf(pos, layout);
  }

  groupRect(group: GroupRecord): Rect {
    if (this.sizedGroup?.id === group.id) return this.sizedGroup.rect;
    if (!this.dragged?.groups.has(group.id)) return group.rect;
    return { ...group.rect, x: group.rect.x + this.dragged.by.x, y: group.rect.y + this.dragged.by.y };
  }

  inputPoint(id: NodeId, input: string): Point | undefined {
    return this.at(id, this.layout(id)?.inputs.get(input));
  }

  outputPoint(id: NodeId, output: number): Point | undefined {
    return this.at(id, this.layout(id)?.outputs[output]);
  }

  /** The curves of a link one after the other: from its output over its reroutes to its input. */
  way(link: LinkRecord): readonly Curve[] | undefined {
    return this.ways.get(link.id);
  }

  nodesIn(area: Rect): NodeId[] {
    return [...this.nodeIndex.query(area)];
  }

  linksIn(area: Rect): LinkRecord[] {
    const links: LinkRecord[] = [];
    if (this.linkStyle_ === "hidden") return links;
    for (const id of this.linkIndex.query(area)) {
      const link = this.doc.link(id);
      if (link && id !== this.hiddenLink) links.push(link);
    }
    return links;
  }

  set linkStyle(style: LinkStyle) {
    if (style === this.linkStyle_) return;
    this.linkStyle_ = style;
    for (const link of this.doc.links()) this.placeLink(link);
    this.changed.emit(new Set());
  }

  /** Higher is nearer to the viewer. */
  depth(id: NodeId): number {
    return this.order.get(id) ?? 0;
  }

  bringToFront(ids: Iterable<NodeId>): void {
    const set = new Set(ids);
    for (const id of set) this.order.set(id, this.nextOrder++);
    this.changed.emit(set);
  }

  drag(
    ids: ReadonlySet<NodeId>,
    by: Point,
    groups: ReadonlySet<string> = new Set(),
    reroutes: ReadonlySet<RerouteId> = new Set(),
  ): void {
    this.dragged = { ids, groups, by };
    if (reroutes.size) {
      this.reroutes.drag(reroutes, by);
      this.placeLedLinks();
    }
    this.move(ids);
  }

  endDrag(): void {
    const ids = this.dragged?.ids ?? new Set<NodeId>();
    this.dragged = null;
    this.reroutes.endDrag();
    this.placeLedLinks();
    this.move(ids);
  }

  resize(id: NodeId, size: NodeRecord["size"]): void {
    this.sized = { id, size };
    this.refresh(new Set([id]));
  }

  endResize(): void {
    const id = this.sized?.id;
    this.sized = null;
    if (id !== undefined) this.refresh(new Set([id]));
  }

  resizeGroup(id: string, rect: Rect): void {
    this.sizedGroup = { id, rect };
    this.changed.emit(new Set());
  }

  endGroupResize(): void {
    this.sizedGroup = null;
    this.changed.emit(new Set());
  }

  setExtras(id: NodeId, extras: NodeExtras): void {
    const old = this.extras.get(id) ?? NO_EXTRAS;
    const same = (Object.keys(extras) as (keyof NodeExtras)[]).every((key) => old[key] === extras[key]);
    if (same) return;
    this.extras.set(id, extras);
    this.refresh(new Set([id]));
  }

  private at(id: NodeId, offset: Point | undefined): Point | undefined {
    const pos = this.doc.isHere(id) ? this.pos(id) : undefined;
    return pos && offset && { x: pos.x + offset.x, y: pos.y + offset.y };
  }

  /** Layouts may be new; the views inside are told. */
  private refresh(ids: ReadonlySet<NodeId>): void {
    this.move(ids);
    for (const id of ids) for (const listener of [...(this.watchers.get(id) ?? [])]) listener();
  }

  /** Places only: no view has to render. */
  private move(ids: ReadonlySet<NodeId>): void {
    const links = new Map<string, LinkRecord>();
    for (const id of ids) {
      const frame = this.frame(id);
      if (frame) {
        this.nodeIndex.set(id, frame);
        if (!this.order.has(id)) this.order.set(id, this.nextOrder++);
      } else {
        this.nodeIndex.delete(id);
        this.order.delete(id);
        this.extras.delete(id);
      }
      for (const link of this.doc.linksOf(id)) links.set(link.id, link);
    }
    for (const link of links.values()) this.placeLink(link);
    this.changed.emit(ids);
  }

  private placeLink(link: LinkRecord): void {
    const [a, b] = [this.outputPoint(link.from, link.output), this.inputPoint(link.to, link.input)];
    if (!a || !b) {
      this.dropLink(link.id);
      return;
    }
    const way = wayThrough([a, ...this.reroutes.chain(link.parent), b], this.linkStyle_);
    this.ways.set(link.id, way);
    const bounds = union(way.map(curveBounds));
    if (bounds) this.linkIndex.set(link.id, bounds);
  }

  private placeReroutes(): void {
    this.reroutes.refresh();
    this.placeLedLinks();
    this.changed.emit(new Set());
  }

  private placeLedLinks(): void {
    if (!this.reroutes.some) return;
    for (const link of this.doc.links()) if (link.parent !== null) this.placeLink(link);
  }

  private dropLink(id: string): void {
    this.ways.delete(id);
    this.linkIndex.delete(id);
  }
}
