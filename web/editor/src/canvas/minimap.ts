/**
 * The whole graph in a corner. Nodes are drawn again only when one of them changed; the frame that shows where one is looks
 * at the camera alone, and is moved, not drawn.
 */
import { clamp, grow, intersects, type Point, type Rect, union } from "../lib/geometry";
import { visibleRect } from "./camera";
import type { Engine } from "./Engine";
import { readTheme } from "./theme";

export const MINIMAP = { w: 200, h: 140 };
const MARGIN = 40;

/** How the world lies in the map: map = (world - origin) * scale. */
export interface MapView {
  readonly origin: Point;
  readonly scale: number;
}

/** All of `content` in the middle of a map of this size. */
export function mapView(content: Rect, size: { readonly w: number; readonly h: number }): MapView {
  const box = grow(content, MARGIN);
  const scale = Math.min(size.w / box.w, size.h / box.h);
  const origin = { x: box.x - (size.w / scale - box.w) / 2, y: box.y - (size.h / scale - box.h) / 2 };
  return { origin, scale };
}

export function toMap({ origin, scale }: MapView, { x, y, w, h }: Rect): Rect {
  return { x: (x - origin.x) * scale, y: (y - origin.y) * scale, w: w * scale, h: h * scale };
}

export function fromMap({ origin, scale }: MapView, { x, y }: Point): Point {
  return { x: x / scale + origin.x, y: y / scale + origin.y };
}

export class Minimap {
  private readonly canvas = document.createElement("canvas");
  private readonly window = document.createElement("div");
  private readonly abort = new AbortController();
  private readonly offs: (() => void)[];
  private view: MapView = { origin: { x: 0, y: 0 }, scale: 0.1 };
  private frame = 0;

  constructor(
    private readonly engine: Engine,
    private readonly host: HTMLElement,
  ) {
    const ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.canvas, { width: MINIMAP.w * ratio, height: MINIMAP.h * ratio });
    this.canvas.getContext("2d")?.scale(ratio, ratio);
    this.window.className = "minimap-window";
    host.append(this.canvas, this.window);
    const { signal } = this.abort;
    host.addEventListener("pointerdown", (e) => this.press(e), { signal });
    host.addEventListener("pointermove", (e) => e.buttons && this.look(e), { signal });
    this.offs = [
      engine.scene.changed.on(() => this.soon()),
      engine.themeRead.on(() => this.soon()),
      engine.drawn.on(() => this.placeWindow()),
    ];
    this.draw();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.abort.abort();
    for (const off of this.offs) off();
    this.host.replaceChildren();
  }

  private soon(): void {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { scene, doc } = this.engine;
    const nodes = [...doc.nodes()].flatMap((node) => scene.frame(node.id) ?? []);
    const groups = [...doc.groups()].map((group) => scene.groupRect(group));
    const content = union([...nodes, ...groups]) ?? { x: 0, y: 0, w: 1000, h: 700 };
    this.view = mapView(content, MINIMAP);
    const ctx = this.canvas.getContext("2d");
    const theme = readTheme(this.host);
    if (!ctx) return;
    ctx.clearRect(0, 0, MINIMAP.w, MINIMAP.h);
    this.fill(ctx, groups, theme.group);
    this.fill(ctx, nodes, theme.nodeBorder);
    this.placeWindow();
  }

  private fill(ctx: CanvasRenderingContext2D, rects: readonly Rect[], color: string): void {
    ctx.fillStyle = color;
    ctx.beginPath();
    for (const rect of rects) {
      const { x, y, w, h } = toMap(this.view, rect);
      ctx.rect(x, y, Math.max(1, w), Math.max(1, h));
    }
    ctx.fill();
  }

  /** Kept inside the map, so that one sees where the graph is even from far away. */
  private placeWindow(): void {
    const seen = toMap(this.view, visibleRect(this.engine.camera, this.engine.view));
    const map = { x: 0, y: 0, ...MINIMAP };
    const [left, top] = [clamp(seen.x, 0, map.w), clamp(seen.y, 0, map.h)];
    const [right, bottom] = [clamp(seen.x + seen.w, 0, map.w), clamp(seen.y + seen.h, 0, map.h)];
    this.window.style.transform = `translate(${left}px, ${top}px)`;
    this.window.style.width = `${right - left}px`;
    this.window.style.height = `${bottom - top}px`;
    this.window.hidden = !intersects(seen, map);
  }

  private press(e: PointerEvent): void {
    this.host.setPointerCapture(e.pointerId);
    this.look(e);
  }

  /** Brings the place under the pointer into the middle of the view. */
  private look(e: PointerEvent): void {
    const box = this.host.getBoundingClientRect();
    const at = fromMap(this.view, { x: e.clientX - box.left, y: e.clientY - box.top });
    const { camera, view } = this.engine;
    this.engine.camera = {
      ...camera,
      x: view.w / 2 - at.x * camera.zoom,
      y: view.h / 2 - at.y * camera.zoom,
    };
  }
}
