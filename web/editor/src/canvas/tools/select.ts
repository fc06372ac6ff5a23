/** What a press begins, by what lies under it and which button and keys are down. */
import type { GroupRecord, RerouteId } from "../../graph/records";
import { isSide } from "../../graph/sheets";
import { groupsInGroup, nodesInGroup } from "../groups";
import type { Hit } from "../hitTest";
import { BoxTool } from "./BoxTool";
import { CloneTool } from "./CloneTool";
import { GroupResizeTool } from "./GroupResizeTool";
import { LinkTool } from "./LinkTool";
import { MoveTool } from "./MoveTool";
import { PanTool } from "./PanTool";
import { RerouteTool } from "./RerouteTool";
import { ResizeTool } from "./ResizeTool";
import type { PointerInput, Tool, ToolContext } from "./tool";

const MIDDLE = 1;
const LEFT = 0;

export function toolFor(ctx: ToolContext, input: PointerInput, hit: Hit, spaceDown: boolean): Tool | null {
  if (input.button === MIDDLE || (input.button === LEFT && spaceDown)) return new PanTool(ctx, input);
  if (input.button !== LEFT) return null;
  const { selection, scene } = ctx;
  switch (hit.kind) {
    case "output":
      return LinkTool.fromOutput(ctx, input, hit.ref);
    case "input":
      return LinkTool.fromInput(ctx, input, hit.ref);
    case "corner":
      return new ResizeTool(ctx, input, hit.node);
    case "groupCorner":
      return new GroupResizeTool(ctx, input, hit.group);
    case "group":
      return pressGroup(ctx, input, hit.group);
    case "node":
      return pressNode(ctx, input, hit.node);
    case "reroute":
      return pressReroute(ctx, input, hit.id);
    case "link":
      if (input.alt) return new RerouteTool(ctx, hit.link, hit.at, input);
      return pressNothing(ctx, input);
    case "empty":
      return pressNothing(ctx, input);
  }

  /** A finger always moves the view: it has no other way to. */
  function pressNothing(ctx: ToolContext, input: PointerInput): Tool {
    if (input.add || (ctx.gestures.drag === "select" && !input.finger)) return new BoxTool(ctx, input);
    return new PanTool(ctx, input, () => selection.clear());
  }

  /** A click selects what lies in it, so that all of it can be muted or copied. */
  function pressGroup(ctx: ToolContext, input: PointerInput, group: GroupRecord): Tool {
    const nodes = nodesInGroup(scene, group);
    const onClick = () => (input.add ? selection.add(nodes) : selection.set(nodes));
    const dots = new Set(scene.reroutes.isIn(scene.groupRect(group)));
    return new MoveTool(ctx, input, nodes, groupsInGroup(scene, group), onClick, dots);
  }

  /** With Alt a new link branches off, otherwise the reroute moves. */
  function pressReroute(ctx: ToolContext, input: PointerInput, id: RerouteId): Tool | null {
    if (input.alt) return LinkTool.fromReroute(ctx, input, id);
    if (input.add) selection.toggleReroute(id);
    else if (!selection.reroutes.has(id)) selection.set([], [id]);
    return new MoveTool(ctx, input, selection.ids, [], () => {}, selection.reroutes);
  }

  function pressNode(ctx: ToolContext, input: PointerInput, node: string): Tool {
    const wasSelected = selection.has(node);
    if (input.alt && !isSide(ctx.doc.node(node)?.type ?? ""))
      return new CloneTool(ctx, input, wasSelected ? selection.ids : new Set([node]));
    if (input.add) selection.toggle(node);
    else if (!wasSelected) selection.set([node]);
    scene.bringToFront(selection.has(node) ? selection.ids : [node]);
    // A click on one of many selected nodes selects that one alone, but only if it did not become a drag.
    const onClick = () => {
      if (!input.add && wasSelected) selection.set([node]);
    };
    const ids = selection.has(node) ? selection.ids : new Set([node]);
    return new MoveTool(ctx, input, ids, [], onClick, selection.reroutes);
  }
}
