/** What lies under a point. Slots come before nodes, nodes before reroutes and links, links before groups. */

import type { InputRef, OutputRef } from "../graph/edit";
import type { GroupRecord, LinkRecord, NodeId, RerouteId } from "../graph/records";
import { contains, distance, grow, type Point } from "../lib/geometry";
import { nearestOn } from "./curve";
import { GROUP_TITLE } from "./groups";
import type { Scene } from "./scene";

export type Hit =
  | { readonly kind: "input"; readonly ref: InputRef; readonly at: Point }
  | { readonly kind: "output"; readonly ref: OutputRef; readonly at: Point }
  | { readonly kind: "corner"; readonly node: NodeId }
  | { readonly kind: "node"; readonly node: NodeId }
  | { readonly kind: "reroute"; readonly id: RerouteId }
  /** `at`: on which curve of its way, counted from its output. */
  | { readonly kind: "link"; readonly link: LinkRecord; readonly at: number }
  | { readonly kind: "group"; readonly group: GroupRecord }
  | { readonly kind: "groupCorner"; readonly group: GroupRecord }
  | { readonly kind: "empty" };

const SLOT_REACH = 12;
const CORNER = 14;
const LINK_REACH = 6;

/** `zoom` keeps reaches constant on screen when the view is far away, but never smaller than in the world. */
export function hitTest(scene: Scene, p: Point, zoom: number): Hit {
  const scale = Math.max(1, 1 / zoom);
  const nodes = scene
    .nodesIn({ x: p.x - SLOT_REACH, y: p.y - SLOT_REACH, w: 2 * SLOT_REACH, h: 2 * SLOT_REACH })
    .sort((a, b) => scene.depth(b) - scene.depth(a));
  for (const node of nodes) {
    const slot = zoom >= 0.3 ? slotAt(scene, node, p) : null;
    if (slot) return slot;
    const frame = scene.frame(node);
    if (!frame || !contains(frame, p)) continue;
    const [fromRight, fromBottom] = [frame.x + frame.w - p.x, frame.y + frame.h - p.y];
    const fixed = scene.layout(node)?.collapsed || scene.doc.node(node)?.pinned;
    const corner = fromRight < CORNER && fromBottom < CORNER && !fixed;
    return corner ? { kind: "corner", node } : { kind: "node", node };
  }
  const reroute = scene.reroutes.at(p, scale);
  if (reroute !== undefined) return { kind: "reroute", id: reroute };
  return linkAt(scene, p, LINK_REACH * scale) ?? groupAt(scene, p, scale) ?? { kind: "empty" };
}

function slotAt(scene: Scene, node: NodeId, p: Point): Hit | null {
  const layout = scene.layout(node);
  if (!layout) return null;
  for (const [output] of layout.outputs.entries()) {
    const at = scene.outputPoint(node, output);
    if (at && near(at, p)) return { kind: "output", ref: { node, output }, at };
  }
  for (const input of layout.inputs.keys()) {
    const at = scene.inputPoint(node, input);
    // The socket of a widget reaches less far in, so that the widget itself stays usable.
    const isWidget = layout.widgets.has(input);
    if (at && near(at, p) && !(isWidget && p.x - at.x > 6))
      return { kind: "input", ref: { node, input }, at };
  }
  return null;
}

function near(a: Point, b: Point): boolean {
  return distance(a, b) <= SLOT_REACH;
}

function linkAt(scene: Scene, p: Point, reach: number): Hit | null {
  let best: Hit | null = null;
  let closest = reach;
  for (const link of scene.linksIn(grow({ ...p, w: 0, h: 0 }, reach))) {
    const { at, distance: far } = nearestOn(scene.way(link) ?? [], p);
    if (far <= closest) [best, closest] = [{ kind: "link", link, at }, far];
  }
  return best;
}

/** A group is taken by its title or corner, so that its inside still pans. */
function groupAt(scene: Scene, p: Point, scale: number): Hit | null {
  for (const group of [...scene.doc.groups()].reverse()) {
    const rect = scene.groupRect(group);
    const [fromRight, fromBottom] = [rect.x + rect.w - p.x, rect.y + rect.h - p.y];
    const inCorner = Math.max(fromRight, fromBottom) < CORNER * scale;
    if (inCorner && contains(rect, p)) return { kind: "groupCorner", group };
    if (contains({ ...rect, h: GROUP_TITLE }, p)) return { kind: "group", group };
  }
  return null;
}
