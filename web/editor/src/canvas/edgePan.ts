/** Moves the view while something is dragged at the edge of the canvas, the faster the further out, so that all can be reached. */
import type { Point } from "../lib/geometry";
import type { Size } from "./camera";

/** How near to the edge it begins, and how far it goes at most with each frame; in pixels. */
const MARGIN = 28;
const FASTEST = 20;

/** How far the view goes with the next frame for a pointer at a place of the canvas. */
export function edgeSpeed({ x, y }: Point, { w, h }: Size): Point {
  return { x: along(x, w), y: along(y, h) };
}

function along(at: number, length: number): number {
  const beyond = Math.max(MARGIN - at, 0) - Math.max(at - (length - MARGIN), 0);
  return Math.max(-FASTEST, Math.min(FASTEST, beyond / 2));
}

export class EdgePan {
  private frame = 0;
  private at: Point | null = null;

  constructor(
    private readonly size: () => Size,
    private readonly pan: (by: Point) => void,
  ) {}

  /** The pointer with what it drags is here. */
  follow(at: Point): void {
    this.at = at;
    this.frame ||= requestAnimationFrame(() => this.step());
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.at = null;
  }

  private step(): void {
    this.frame = 0;
    const speed = this.at && edgeSpeed(this.at, this.size());
    if (!this.at || !speed || (!speed.x && !speed.y)) return;
    this.pan(speed);
    if (this.at) this.follow(this.at);
  }
}
