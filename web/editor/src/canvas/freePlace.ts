/** Room for a new node beside another: to its right, below whatever is there already. */
import type { NodeId } from "../graph/records";
import { grow, intersects, type Point } from "../lib/geometry";
import { DEFAULT_WIDTH, TITLE } from "./nodeLayout";
import type { Scene } from "./scene";

const GAP = 60;
/** What most nodes need. */
const HEIGHT = 220;

export function freePlace(scene: Scene, beside: NodeId): Point | null {
  const frame = scene.frame(beside);
  if (!frame) return null;
  let y = frame.y;
  for (;;) {
    const rect = { x: frame.x + frame.w + GAP, y, w: DEFAULT_WIDTH, h: HEIGHT };
    const taken = scene.nodesIn(grow(rect, GAP / 3)).flatMap((id) => {
      const other = scene.frame(id);
      return other && intersects(other, grow(rect, GAP / 3)) ? [other] : [];
    });
    if (!taken.length) return { x: rect.x, y: y + TITLE };
    y = Math.max(...taken.map((other) => other.y + other.h)) + GAP;
  }
}
