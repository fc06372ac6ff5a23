/** Where the viewer stands over a picture: wheel and two fingers zoom at their place, drags move. Shared with no canvas of nodes. */
import { type Camera, fitRect, type Size } from "../../canvas/camera";
import { clamp, distance, type Point } from "../../lib/geometry";

const FARTHEST = 0.02;
const CLOSEST = 32;
/** From here on pixels are to be seen as what they are. */
const PIXELATED = 3;

export class Viewport {
  private camera: Camera = { x: 0, y: 0, zoom: 1 };
  private readonly ring = document.createElement("div");
  private readonly fingers = new Map<number, Point>();
  private readonly abort = new AbortController();
  private panned: Point | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly stage: HTMLElement,
    private readonly size: Size,
    private readonly onChange: () => void,
  ) {
    this.ring.className = "mask-ring";
    this.ring.hidden = true;
    host.append(this.ring);
    const { signal } = this.abort;
    host.addEventListener("wheel", (e) => this.wheel(e), { signal, passive: false });
    host.addEventListener("pointerleave", () => this.showBrush(null), { signal });
    this.fit();
  }

  destroy(): void {
    this.abort.abort();
    this.host.replaceChildren();
  }

  get zoom(): number {
    return this.camera.zoom;
  }

  fit(): void {
    const { clientWidth: w, clientHeight: h } = this.host;
    this.look(fitRect({ x: 0, y: 0, ...this.size }, { w, h }, 24, CLOSEST));
  }

  zoomBy(factor: number, at?: Point): void {
    const { x, y, zoom } = this.camera;
    const place = at ?? { x: this.host.clientWidth / 2, y: this.host.clientHeight / 2 };
    const next = clamp(zoom * factor, FARTHEST, CLOSEST);
    const ratio = next / zoom;
    this.look({ zoom: next, x: place.x - (place.x - x) * ratio, y: place.y - (place.y - y) * ratio });
  }

  pictureAt(e: PointerEvent): Point {
    const { x, y } = this.place(e);
    return { x: (x - this.camera.x) / this.camera.zoom, y: (y - this.camera.y) / this.camera.zoom };
  }

  /** Whether the press moves the view. */
  press(e: PointerEvent, pans: boolean): boolean {
    const at = this.place(e);
    if (e.pointerType === "touch") this.fingers.set(e.pointerId, at);
    if (pans) this.panned = at;
    return pans || this.fingers.size > 1;
  }

  move(e: PointerEvent): boolean {
    const at = this.place(e);
    const before = this.fingers.get(e.pointerId);
    const other = [...this.fingers].find(([id]) => id !== e.pointerId)?.[1];
    if (before) this.fingers.set(e.pointerId, at);
    if (before && other) this.pinch(before, at, other);
    else if (this.panned) {
      this.panBy(at.x - this.panned.x, at.y - this.panned.y);
      this.panned = at;
    } else return false;
    return true;
  }

  /** Whether what ends had moved the view. */
  release(e: PointerEvent): boolean {
    const moved = this.panned !== null || this.fingers.size > 1;
    this.fingers.delete(e.pointerId);
    this.panned = null;
    return moved;
  }

  /** The brush as a ring, `size` pixels of the picture wide; null: none. */
  showBrush(size: number | null, e?: PointerEvent): void {
    this.ring.hidden = size === null || e?.pointerType === "touch";
    if (size === null) return;
    const wide = size * this.camera.zoom;
    this.ring.style.width = `${wide}px`;
    this.ring.style.height = `${wide}px`;
    if (!e) return;
    const { x, y } = this.place(e);
    this.ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }

  private pinch(before: Point, at: Point, other: Point): void {
    this.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.zoomBy(distance(at, other) / Math.max(1, distance(before, other)), middle);
  }

  private panBy(dx: number, dy: number): void {
    this.look({ ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy });
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    const unit = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : 1;
    this.zoomBy(Math.exp(-e.deltaY * unit * (e.ctrlKey ? 0.01 : 0.0015)), this.place(e));
  }

  private place(e: MouseEvent): Point {
    const box = this.host.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  private look(camera: Camera): void {
    this.camera = camera;
    const { x, y, zoom } = camera;
    this.stage.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    this.stage.toggleAttribute("data-pixelated", zoom >= PIXELATED);
    this.onChange();
  }
}
