/** Where the viewer stands over one picture: wheel and two fingers zoom at their place, drags move it. */
import { Emitter } from "../lib/emitter";
import { clamp, distance, type Point } from "../lib/geometry";
import { type Camera, fitRect, type Size } from "./camera";

const FARTHEST = 0.02;
const CLOSEST = 32;
/** From here on pixels are to be seen as what they are. */
const PIXELATED = 3;

export class PictureView {
  /** It shows another part of the picture. */
  readonly changed = new Emitter();
  private camera: Camera = { x: 0, y: 0, zoom: 1 };
  private fits = true;
  private size: Size = { w: 1, h: 1 };
  private readonly fingers = new Map<number, Point>();
  private readonly abort = new AbortController();
  private readonly resizes = new ResizeObserver(() => this.isFit && this.fit());
  private panned: Point | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly stage: HTMLElement,
    private readonly margin = 24,
  ) {
    const { signal } = this.abort;
    host.addEventListener("wheel", (e) => this.wheel(e), { signal, passive: false });
    this.resizes.observe(host);
  }

  destroy(): void {
    this.abort.abort();
    this.resizes.disconnect();
  }

  get zoom(): number {
    return this.camera.zoom;
  }

  /** The whole of the picture is in view, as large as it can be. */
  get isFit(): boolean {
    return this.fits;
  }

  /** Whether fingers are on it. */
  get isTouched(): boolean {
    return this.fingers.size > 0;
  }

  /** A picture of another size is shown from its beginning; one of the same size at the same place. */
  show(size: Size): void {
    const isSame = size.w === this.size.w && size.h === this.size.h;
    this.size = size;
    this.stage.style.width = `${size.w}px`;
    this.stage.style.height = `${size.h}px`;
    if (!isSame || this.fits) this.fit();
  }

  fit(): void {
    const { clientWidth: w, clientHeight: h } = this.host;
    this.look(fitRect({ x: 0, y: 0, ...this.size }, { w, h }, this.margin, CLOSEST), true);
  }

  zoomBy(factor: number, at?: Point): void {
    this.zoomTo(this.camera.zoom * factor, at);
  }

  /** What lies at the place, in pixels of the host, stays there; without one, what is in the middle. */
  zoomTo(to: number, at?: Point): void {
    const { x, y, zoom } = this.camera;
    const place = at ?? { x: this.host.clientWidth / 2, y: this.host.clientHeight / 2 };
    const next = clamp(to, FARTHEST, CLOSEST);
    const ratio = next / zoom;
    this.look({ zoom: next, x: place.x - (place.x - x) * ratio, y: place.y - (place.y - y) * ratio });
  }

  panBy(dx: number, dy: number): void {
    this.look({ ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy });
  }

  pictureAt(e: MouseEvent): Point {
    const { x, y } = this.place(e);
    return { x: (x - this.camera.x) / this.camera.zoom, y: (y - this.camera.y) / this.camera.zoom };
  }

  /** In pixels of the host. */
  place(e: MouseEvent): Point {
    const box = this.host.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
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

  private pinch(before: Point, at: Point, other: Point): void {
    this.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.zoomBy(distance(at, other) / Math.max(1, distance(before, other)), middle);
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    const unit = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : 1;
    this.zoomBy(Math.exp(-e.deltaY * unit * (e.ctrlKey ? 0.01 : 0.0015)), this.place(e));
  }

  private look(camera: Camera, fits = false): void {
    this.camera = camera;
    this.fits = fits;
    const { x, y, zoom } = camera;
    this.stage.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    this.stage.style.setProperty("--zoom", `${zoom}`);
    this.stage.toggleAttribute("data-pixelated", zoom >= PIXELATED);
    this.changed.emit();
  }
}
