/** A 2D canvas that covers its parent at the device's resolution. */
import type { Camera, Size } from "./camera";

export class Surface {
  readonly element = document.createElement("canvas");
  private readonly ctx: CanvasRenderingContext2D;
  private ratio = 1;

  constructor(className: string) {
    this.element.className = className;
    this.element.setAttribute("aria-hidden", "true");
    const ctx = this.element.getContext("2d");
    if (!ctx) throw new Error("This browser has no 2D canvas");
    this.ctx = ctx;
  }

  resize({ w, h }: Size): void {
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.element.width = Math.max(1, Math.round(w * this.ratio));
    this.element.height = Math.max(1, Math.round(h * this.ratio));
  }

  /** Clears and draws in world coordinates. */
  draw(camera: Camera, paint: (ctx: CanvasRenderingContext2D) => void): void {
    const { ctx, ratio } = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.element.width, this.element.height);
    ctx.setTransform(camera.zoom * ratio, 0, 0, camera.zoom * ratio, camera.x * ratio, camera.y * ratio);
    paint(ctx);
  }
}
