/** Where the arrow keys lead: sideways along links, up and down to the nearest node. */
import type { GraphDocument } from "../graph/document";
import type { NodeId } from "../graph/records";
import type { Scene } from "./scene";

export type Direction = "left" | "right" | "up" | "down";

export function neighbour(doc: GraphDocument, scene: Scene, id: NodeId, direction: Direction): NodeId | null {
  if (direction === "left" || direction === "right") {
    const along = linked(doc, scene, id, direction);
    if (along) return along;
  }
  return nearest(doc, scene, id, direction);
}

function linked(doc: GraphDocument, scene: Scene, id: NodeId, direction: "left" | "right"): NodeId | null {
  const links = doc.linksOf(id).filter((link) => (direction === "left" ? link.to : link.from) === id);
  const ends = links.map((link) => (direction === "left" ? link.from : link.to));
  const height = (node: NodeId) => scene.frame(node)?.y ?? 0;
  return ends.sort((a, b) => height(a) - height(b))[0] ?? null;
}

function nearest(doc: GraphDocument, scene: Scene, id: NodeId, direction: Direction): NodeId | null {
  const here = scene.frame(id);
  if (!here) return null;
  let best: NodeId | null = null;
  let least = Infinity;
  for (const { id: other } of doc.nodes()) {
    const there = other === id ? undefined : scene.frame(other);
    if (!there) continue;
    const dx = there.x + there.w / 2 - here.x - here.w / 2;
    const dy = there.y - here.y;
    const [ahead, aside] = { left: [-dx, dy], right: [dx, dy], up: [-dy, dx], down: [dy, dx] }[direction] as [
      number,
      number,
    ];
    // Straight ahead counts more than near but off to the side.
    const cost = ahead + 2 * Math.abs(aside);
    if (ahead > 0 && cost < least) [best, least] = [other, cost];
  }
  return best;
}
