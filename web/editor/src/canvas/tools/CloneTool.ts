import { copyNodes, pasteNodes } from "../../graph/clipboard";
import type { NodeId } from "../../graph/records";
import { distance, type Rect, union } from "../../lib/geometry";
import { TITLE } from "../nodeLayout";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Copies nodes to where they are dragged; the ones they are copied from stay. */
export class CloneTool implements Tool {
  readonly name = "move";
  private readonly frames: readonly Rect[];
  private moved = false;

  constructor(
    private readonly ctx: ToolContext,
    private readonly start: PointerInput,
    private readonly ids: ReadonlySet<NodeId>,
  ) {
    this.frames = [...ids].flatMap((id) => ctx.scene.frame(id) ?? []);
  }

  move(input: PointerInput): void {
    this.moved ||= distance(input.screen, this.start.screen) > 3;
    if (this.moved) this.ctx.overlay = { ghosts: this.framesAt(input) };
  }

  up(input: PointerInput): void {
    this.cancel();
    const corner = union(this.framesAt(input));
    if (!this.moved || !corner) return;
    const { doc, selection } = this.ctx;
    selection.set(pasteNodes(doc, copyNodes(doc, this.ids), { at: { x: corner.x, y: corner.y + TITLE } }));
  }

  cancel(): void {
    this.ctx.overlay = {};
  }

  private framesAt({ world }: PointerInput): Rect[] {
    const [dx, dy] = [world.x - this.start.world.x, world.y - this.start.world.y];
    return this.frames.map((frame) => ({ ...frame, x: frame.x + dx, y: frame.y + dy }));
  }
}
