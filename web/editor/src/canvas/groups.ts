/** Which nodes and groups lie in a group, and which frame some nodes need. */
import type { GroupRecord, NodeId } from "../graph/records";
import { contains, type Rect, union } from "../lib/geometry";
import type { Scene } from "./scene";

/** Height of the title, by which a group is taken. */
export const GROUP_TITLE = 32;
export const MIN_GROUP = { w: 120, h: GROUP_TITLE + 24 };
const MARGIN = 16;

/** The nodes whose middle lies in the group. */
export function nodesInGroup(scene: Scene, group: GroupRecord): Set<NodeId> {
  const rect = scene.groupRect(group);
  const inside = scene.nodesIn(rect).filter((id) => {
    const frame = scene.frame(id);
    return frame && contains(rect, { x: frame.x + frame.w / 2, y: frame.y + frame.h / 2 });
  });
  return new Set(inside);
}

/** The group itself, and those that lie in it as a whole. */
export function groupsInGroup(scene: Scene, group: GroupRecord): GroupRecord[] {
  const outer = scene.groupRect(group);
  return [...scene.doc.groups()].filter((other) => {
    const { x, y, w, h } = scene.groupRect(other);
    const isSmaller = w * h < outer.w * outer.h;
    return (
      other === group || (isSmaller && contains(outer, { x, y }) && contains(outer, { x: x + w, y: y + h }))
    );
  });
}

/** A frame around nodes and inner groups, with room for its title; null where there is nothing to put a frame around. */
export function frameAround(
  scene: Scene,
  nodes: Iterable<NodeId>,
  groups: readonly GroupRecord[] = [],
): Rect | null {
  const inner = [...nodes].flatMap((id) => scene.frame(id) ?? []);
  const box = union([...inner, ...groups.map((group) => scene.groupRect(group))]);
  if (!box) return null;
  const top = box.y - MARGIN - GROUP_TITLE;
  return { x: box.x - MARGIN, y: top, w: box.w + 2 * MARGIN, h: box.y + box.h + MARGIN - top };
}
