import type { LinkRecord } from "../../graph/records";
import { addReroute } from "../../graph/reroutes";
import type { PointerInput, Tool, ToolContext } from "./tool";

/** Puts a reroute on a link, where the pointer is let go. */
export class RerouteTool implements Tool {
  readonly name = "link";

  constructor(
    private readonly ctx: ToolContext,
    private readonly link: LinkRecord,
    /** On which curve of the link's way. */
    private readonly at: number,
    start: PointerInput,
  ) {
    this.move(start);
  }

  move({ world }: PointerInput): void {
    this.ctx.overlay = { targets: [{ at: world, type: this.link.type }] };
  }

  up({ world }: PointerInput): void {
    this.cancel();
    const id = addReroute(this.ctx.doc, this.link, world, this.at);
    this.ctx.selection.set([], [id]);
  }

  cancel(): void {
    this.ctx.overlay = {};
  }
}
