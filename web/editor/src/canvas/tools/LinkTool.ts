import { connect, disconnect, type InputRef, type OutputRef, reachable } from "../../graph/edit";
import type { LinkRecord, NodeId, RerouteId } from "../../graph/records";
import { sourceOfReroute } from "../../graph/reroutes";
import { compatible } from "../../graph/types";
import { distance, type Point } from "../../lib/geometry";
import { curveBetween } from "../curve";
import { hitTest } from "../hitTest";
import { ROW } from "../nodeLayout";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** How near, in screen pixels, the pointer must come for a link to snap to a slot. */
const SNAP = 28;

interface Target {
  readonly input?: InputRef;
  readonly output?: OutputRef;
  readonly at: Point;
  readonly type: string;
}

/**
 * Draws a link from a slot to wherever the pointer is, and connects it on release. Pulled off a linked input it takes the
 * existing link along: dropped on empty canvas that link is gone.
 */
export class LinkTool implements Tool {
  readonly name = "link";
  private readonly type: string;
  private readonly anchor: Point;
  private readonly candidates: readonly Target[];
  private moved = false;

  private constructor(
    private readonly ctx: ToolContext,
    private readonly from: OutputRef | null,
    private readonly to: InputRef | null,
    private readonly pulled: LinkRecord | null,
    private readonly start: PointerInput,
    /** The reroute that the link comes from. */
    private readonly via: RerouteId | null = null,
  ) {
    const { doc, scene } = ctx;
    const slot = from
      ? doc.outputType(from.node, from.output)
      : to
        ? doc.inputType(to.node, to.input)
        : undefined;
    this.type = slot ?? pulled?.type ?? "*";
    const dot = via === null ? undefined : scene.reroutes.pos(via);
    const anchor = dot
      ? dot
      : from
        ? scene.outputPoint(from.node, from.output)
        : to && scene.inputPoint(to.node, to.input);
    this.anchor = anchor ?? start.world;
    this.candidates = this.findCandidates();
    if (pulled) scene.hiddenLink = pulled.id;
    this.move(start);
  }

  static fromOutput(ctx: ToolContext, start: PointerInput, from: OutputRef): LinkTool {
    return new LinkTool(ctx, from, null, null, start);
  }

  static fromInput(ctx: ToolContext, start: PointerInput, to: InputRef): LinkTool {
    const link = ctx.doc.linkInto(to.node, to.input);
    if (!link) return new LinkTool(ctx, null, to, null, start);
    return new LinkTool(ctx, { node: link.from, output: link.output }, null, link, start, link.parent);
  }

  /** A new link that goes the same way up to a reroute. */
  static fromReroute(ctx: ToolContext, start: PointerInput, id: RerouteId): LinkTool | null {
    const link = sourceOfReroute(ctx.doc, id);
    return link ? new LinkTool(ctx, { node: link.from, output: link.output }, null, null, start, id) : null;
  }

  move(input: PointerInput): void {
    if (distance(input.screen, this.start.screen) > 4) this.moved = true;
    const target = this.targetAt(input);
    const end = target?.at ?? input.world;
    const curve = this.from ? curveBetween(this.anchor, end) : curveBetween(end, this.anchor);
    this.ctx.overlay = {
      draft: { curve, type: this.type, snapped: target !== null },
      targets: this.candidates.map(({ at, type }) => ({ at, type })),
    };
  }

  up(input: PointerInput): void {
    const { doc } = this.ctx;
    const target = this.targetAt(input);
    this.cancel();
    if (!this.moved) return;
    if (target) {
      const from = this.from ?? target.output;
      const to = this.to ?? target.input;
      if (!from || !to) return;
      doc.transact("Connect", () => {
        const stays = this.pulled?.to === to.node && this.pulled.input === to.input;
        if (this.pulled && !stays) disconnect(doc, this.pulled);
        connect(doc, from, to, this.via);
      });
    } else if (this.pulled) disconnect(doc, this.pulled);
    else if (hitTest(this.ctx.scene, input.world, this.ctx.camera.zoom).kind !== "node") this.offer(input);
  }

  cancel(): void {
    this.ctx.scene.hiddenLink = null;
    this.ctx.overlay = {};
  }

  private offer(input: PointerInput): void {
    const via = this.via === null ? {} : { via: this.via };
    if (this.from) this.ctx.offerNodes(input, { kind: "output", ref: this.from, type: this.type, ...via });
    else if (this.to) this.ctx.offerNodes(input, { kind: "input", ref: this.to, type: this.type });
  }

  /** The nearest slot that fits, or, over the body of a node, the best one of that node. */
  private targetAt({ world }: PointerInput): Target | null {
    const zoom = this.ctx.camera.zoom;
    let best: Target | null = null;
    let closest = SNAP / zoom;
    for (const target of this.candidates) {
      const far = distance(target.at, world);
      if (far < closest) [best, closest] = [target, far];
    }
    if (best) return best;
    const hit = hitTest(this.ctx.scene, world, zoom);
    if (hit.kind !== "node") return null;
    const fitting = this.candidates.filter(({ input, output }) => (input ?? output)?.node === hit.node);
    return this.inRow(hit.node, world, fitting) ?? this.bestOf(fitting);
  }

  /** The one in whose row of the node the pointer is. */
  private inRow(node: NodeId, { y }: Point, fitting: readonly Target[]): Target | undefined {
    const { doc, scene } = this.ctx;
    const layout = scene.layout(node);
    if (!layout || layout.collapsed) return undefined;
    const top = doc.node(node)?.pos.y ?? 0;
    return fitting.find(({ at, input }) => {
      const band = input && layout.widgets.get(input.input);
      return band ? y >= top + band.y && y <= top + band.y + band.h : Math.abs(y - at.y) <= ROW / 2;
    });
  }

  private bestOf(fitting: readonly Target[]): Target | null {
    const exact = fitting.filter((target) => target.type === this.type);
    const pool = exact.length ? exact : fitting;
    const open = pool.find(({ input }) => input && !this.ctx.doc.linkInto(input.node, input.input));
    return open ?? pool[0] ?? null;
  }

  private findCandidates(): Target[] {
    const { doc, scene } = this.ctx;
    const circle = this.from
      ? reachable(doc, this.from.node, "upstream")
      : reachable(doc, this.to?.node ?? "", "downstream");
    const result: Target[] = [];
    for (const { id: node } of doc.nodes()) {
      const layout = circle.has(node) ? undefined : scene.layout(node);
      for (const input of this.from ? (layout?.inputs.keys() ?? []) : []) {
        const [at, type] = [scene.inputPoint(node, input), doc.inputType(node, input)];
        if (at && type !== undefined && compatible(this.type, type))
          result.push({ input: { node, input }, at, type });
      }
      for (const output of this.to ? (layout?.outputs.keys() ?? []) : []) {
        const [at, type] = [scene.outputPoint(node, output), doc.outputType(node, output)];
        if (at && type !== undefined && compatible(type, this.type))
          result.push({ output: { node, output }, at, type });
      }
    }
    return result;
  }
}
