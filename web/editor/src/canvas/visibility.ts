/**
 * Which nodes are elements in the page and which are painted. From afar, or where too many are in view to be read, all are
 * painted. What is mounted changes rarely: a whole ring around the view at once, so that short ways mount nothing.
 */
import type { NodeId } from "../graph/records";
import { grow } from "../lib/geometry";
import { type Camera, type Size, visibleRect } from "./camera";
import type { Scene } from "./scene";

/** Below this zoom nodes are always painted; at `ALWAYS_NEAR` and above never. */
export const FAR_ZOOM = 0.35;
const ALWAYS_NEAR = 0.75;
/** So many nodes are elements at most while they are too small to be read well. */
const MOST_NODES = 80;
/** The share of it at which they become elements again without a zoom: the view must not flicker on its way. */
const FEW = 0.75;
/** In units of the world. */
const RING = 240;
const MUST = 80;

const NONE: ReadonlySet<NodeId> = new Set();

export class Visibility {
  far = false;
  private zoom = 0;
  private mounted = NONE;

  /** The nodes that are to be elements now; the same set while nothing has to change. */
  update(scene: Scene, camera: Camera, view: Size): ReadonlySet<NodeId> {
    const area = visibleRect(camera, view);
    const ring = scene.nodesIn(grow(area, RING));
    this.far = this.isFar(camera.zoom, ring.length);
    this.zoom = camera.zoom;
    if (this.far) this.mounted = NONE;
    else if (this.mustChange(scene, scene.nodesIn(grow(area, MUST)))) this.mounted = new Set(ring);
    return this.mounted;
  }

  private isFar(zoom: number, count: number): boolean {
    if (zoom < FAR_ZOOM) return true;
    if (zoom >= ALWAYS_NEAR) return false;
    const most = this.far && zoom === this.zoom ? MOST_NODES * FEW : MOST_NODES;
    return count > most;
  }

  /** Something in view is missing, or far more is mounted than can be in view. */
  private mustChange(scene: Scene, needed: readonly NodeId[]): boolean {
    return (
      needed.some((id) => !this.mounted.has(id)) ||
      this.mounted.size > 2 * needed.length + MOST_NODES / 2 ||
      [...this.mounted].some((id) => !scene.doc.node(id))
    );
  }
}
