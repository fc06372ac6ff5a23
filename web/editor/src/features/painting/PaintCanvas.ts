/**
 * The picture with its mask or drawing over it, and the hand that paints. Mouse, pen (with its pressure) and fingers: one
 * finger paints, two move and zoom. It changes nothing but the sheet; React only shows what it is set to.
 */
import { PictureView } from "../../canvas/PictureView";
import { Emitter } from "../../lib/emitter";
import { clamp, type Point, type Rect } from "../../lib/geometry";
import { BrushRing } from "./BrushRing";
import { fillAll, fillColor, fillPolygon, invert } from "./fills";
import { History } from "./history";
import { hexOf, inkOf, isDrawing, seen } from "./layers";
import { type Picture, pixelsOf } from "./pictures";
import { type Patch, type Sheet, whole } from "./sheet";
import { type Brush, Stroke } from "./stroke";
import { TINTS, type TintName, tintFor } from "./tints";
import { LARGEST_BRUSH, type Settings, START } from "./tools";

const RIGHT = 2;
const MIDDLE = 1;
/** The eraser's end of a pen. */
const PEN_ERASER = 5;

export class PaintCanvas {
  /** The sheet, the history, the zoom or the settings changed. */
  readonly changed = new Emitter();
  readonly sheet: Sheet;
  readonly view: PictureView;
  settings: Settings;
  spaceDown = false;
  private readonly ring: BrushRing;
  private readonly history: History;
  private readonly below: CanvasRenderingContext2D;
  private readonly overlay: CanvasRenderingContext2D;
  private readonly sketch = document.createElementNS("http://www.w3.org/2000/svg", "path");
  private readonly abort = new AbortController();
  private rgba: Uint8ClampedArray | null = null;
  private bestTint: TintName | null = null;
  private stroke: { stroke: Stroke; pressure: number } | null = null;
  private outline: { points: Point[]; brush: Brush } | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly picture: Picture,
    /** As the person left it; null: never painted before. */
    last: Settings | null,
  ) {
    const { bitmap, sheet } = picture;
    const { w, h } = sheet;
    this.sheet = sheet;
    this.history = new History(sheet);
    const size = clamp(Math.round(Math.min(w, h) / 12), 4, LARGEST_BRUSH);
    this.settings = { ...(last ?? START), size, tool: "brush" };
    const stage = document.createElement("div");
    stage.className = "paint-stage";
    this.below = canvas(w, h);
    this.below.drawImage(bitmap, 0, 0, w, h);
    this.overlay = canvas(w, h);
    stage.append(this.below.canvas, this.overlay.canvas, sketchOf(this.sketch, w, h));
    host.append(stage);
    this.view = new PictureView(host, stage);
    this.ring = new BrushRing(host, this.view);
    this.view.show({ w, h });
    this.view.changed.on(() => this.changed.emit());
    this.draw(whole(sheet));
    this.listen(host);
  }

  destroy(): void {
    this.abort.abort();
    this.view.destroy();
    this.host.replaceChildren();
    this.picture.bitmap.close();
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  get isDrawing(): boolean {
    return isDrawing(this.sheet);
  }

  /** The tint of the mask as it is seen now. */
  get tint(): TintName {
    if (this.settings.tint !== "auto") return this.settings.tint;
    this.bestTint ??= tintFor(this.pixels());
    return this.bestTint;
  }

  set(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    if (change.tint) this.draw(whole(this.sheet));
    this.ring.show(this.brushSize());
    this.changed.emit();
  }

  undo(): void {
    this.show(this.history.undo());
  }

  redo(): void {
    this.show(this.history.redo());
  }

  clear(): void {
    this.did(fillAll(this.sheet, inkOf(this.sheet, true, this.settings)));
  }

  fill(): void {
    this.did(fillAll(this.sheet, inkOf(this.sheet, false, this.settings)));
  }

  invert(): void {
    if (!this.isDrawing) this.did(invert(this.sheet));
  }

  private listen(host: HTMLElement): void {
    const { signal } = this.abort;
    host.addEventListener("pointerdown", (e) => this.down(e), { signal });
    host.addEventListener("pointermove", (e) => this.move(e), { signal });
    host.addEventListener("pointerup", (e) => this.up(e), { signal });
    host.addEventListener("pointercancel", (e) => this.cancel(e), { signal });
    host.addEventListener("contextmenu", (e) => e.preventDefault(), { signal });
  }

  private down(e: PointerEvent): void {
    const { tool } = this.settings;
    const host = e.currentTarget as HTMLElement;
    host.setPointerCapture(e.pointerId);
    host.focus();
    e.preventDefault();
    const pans = e.button === MIDDLE || tool === "pan" || this.spaceDown;
    if (this.view.press(e, pans)) {
      // A second finger came: what the first one has painted so far was meant to move the view.
      this.takeBack();
      return;
    }
    const at = this.view.pictureAt(e);
    const brush = this.brush(e);
    if (tool === "pick") this.pick(at);
    else if (tool === "fill")
      this.did(fillColor(this.sheet, this.pixels(), at, this.settings.tolerance, brush));
    else if (tool === "rectangle" || tool === "lasso") this.outline = { points: [at], brush };
    else {
      this.stroke = { stroke: new Stroke(this.sheet, brush), pressure: pressureOf(e) };
      this.paint(e);
    }
  }

  private move(e: PointerEvent): void {
    if (this.view.move(e)) return;
    this.ring.show(this.brushSize(), e);
    if (this.stroke) for (const part of e.getCoalescedEvents?.() ?? [e]) this.paint(part);
    if (this.outline) this.draft(this.view.pictureAt(e));
  }

  private up(e: PointerEvent): void {
    if (this.view.release(e)) return;
    if (this.stroke) this.did(this.stroke.stroke.end());
    if (this.outline)
      this.did(fillPolygon(this.sheet, corners(this.outline.points, this.settings.tool), this.outline.brush));
    this.stroke = null;
    this.endOutline();
  }

  private cancel(e: PointerEvent): void {
    this.view.release(e);
    this.takeBack();
  }

  private takeBack(): void {
    const patch = this.stroke?.stroke.end();
    if (patch) {
      this.history.add(patch);
      this.show(this.history.undo());
    }
    this.stroke = null;
    this.endOutline();
  }

  private paint(e: PointerEvent): void {
    const rect = this.stroke?.stroke.to(this.view.pictureAt(e), pressureOf(e));
    if (rect) this.draw(rect);
  }

  private draft(at: Point): void {
    if (!this.outline) return;
    this.outline.points.push(at);
    const points = corners(this.outline.points, this.settings.tool);
    this.sketch.setAttribute("d", `M${points.map(({ x, y }) => `${x} ${y}`).join("L")}Z`);
  }

  private endOutline(): void {
    this.outline = null;
    this.sketch.removeAttribute("d");
  }

  private did(patch: Patch | null): void {
    if (!patch) return;
    this.history.add(patch);
    this.show(patch);
  }

  private show(patch: Patch | null): void {
    if (patch) this.draw(patch.rect);
    this.changed.emit();
  }

  private draw(rect: Rect): void {
    this.overlay.putImageData(seen(this.sheet, rect, TINTS[this.tint]), rect.x, rect.y);
  }

  private pick({ x, y }: Point): void {
    const { w, h } = this.sheet;
    if (x < 0 || y < 0 || x >= w || y >= h) return;
    const at = 4 * (Math.floor(y) * w + Math.floor(x));
    this.set({ color: hexOf(this.pixels().subarray(at)), tool: "brush" });
  }

  /** The right button, Alt and the other end of a pen take away. */
  private brush(e: PointerEvent): Brush {
    const { tool, size, hardness, opacity } = this.settings;
    const erases = tool === "eraser" || e.button === RIGHT || e.button === PEN_ERASER || e.altKey;
    return { radius: size / 2, hardness, opacity, ink: inkOf(this.sheet, erases, this.settings) };
  }

  private brushSize(): number | null {
    const { tool, size } = this.settings;
    return tool === "brush" || tool === "eraser" ? size : null;
  }

  /** What is seen: the picture, and the drawing on it. */
  private pixels(): Uint8ClampedArray {
    if (this.isDrawing) return pixelsOf(this.below.canvas, this.overlay.canvas);
    this.rgba ??= pixelsOf(this.below.canvas);
    return this.rgba;
  }
}

function corners(points: readonly Point[], tool: string): readonly Point[] {
  const [a, b] = [points[0], points.at(-1)];
  if (tool !== "rectangle" || !a || !b) return points;
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

/** A mouse has none; a finger tells nothing that means anything. */
function pressureOf(e: PointerEvent): number {
  return e.pointerType === "pen" && e.pressure > 0 ? e.pressure : 1;
}

function canvas(w: number, h: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  [element.width, element.height] = [w, h];
  return element.getContext("2d") as CanvasRenderingContext2D;
}

function sketchOf(path: SVGPathElement, w: number, h: number): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  svg.append(path);
  return svg;
}
