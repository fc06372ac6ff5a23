/** Places of the world as the page has them. */
import type { Point } from "../lib/geometry";
import { reveal, toScreen } from "./camera";
import type { Engine } from "./Engine";

export function placeInPage({ host, camera }: Engine, world: Point): Point {
  const [box, at] = [host.getBoundingClientRect(), toScreen(camera, world)];
  return { x: box.left + at.x, y: box.top + at.y };
}

/** Brings a place into view. */
export function showPlace(engine: Engine, world: Point): void {
  engine.camera = reveal(engine.camera, { ...world, w: 0, h: 0 }, engine.view);
}
