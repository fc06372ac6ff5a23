/** Where the viewer stands: screen = world * zoom + (x, y). Pure functions over a small value. */
import { clamp, type Point, type Rect } from "../lib/geometry";

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Size {
  readonly w: number;
  readonly h: number;
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 4;

export function toScreen(camera: Camera, p: Point): Point {
  return { x: p.x * camera.zoom + camera.x, y: p.y * camera.zoom + camera.y };
}

export function toWorld(camera: Camera, p: Point): Point {
  return { x: (p.x - camera.x) / camera.zoom, y: (p.y - camera.y) / camera.zoom };
}

export function panBy(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx, y: camera.y + dy };
}

/** Zooms so that what lies under `at` (in screen space) stays there. */
export function zoomAt(camera: Camera, at: Point, factor: number): Camera {
  const zoom = clamp(camera.zoom * factor, MIN_ZOOM, MAX_ZOOM);
  const ratio = zoom / camera.zoom;
  return { zoom, x: at.x - (at.x - camera.x) * ratio, y: at.y - (at.y - camera.y) * ratio };
}

export function visibleRect(camera: Camera, view: Size): Rect {
  const { x, y } = toWorld(camera, { x: 0, y: 0 });
  return { x, y, w: view.w / camera.zoom, h: view.h / camera.zoom };
}

/** Shows the whole of `rect` in the middle, never closer than `closest`. */
export function fitRect(rect: Rect, view: Size, margin = 48, closest = 1): Camera {
  const space = { w: Math.max(80, view.w - 2 * margin), h: Math.max(80, view.h - 2 * margin) };
  const zoom = clamp(Math.min(space.w / rect.w, space.h / rect.h), MIN_ZOOM, closest);
  return {
    zoom,
    x: view.w / 2 - (rect.x + rect.w / 2) * zoom,
    y: view.h / 2 - (rect.y + rect.h / 2) * zoom,
  };
}

/** Where a canvas is too narrow to show a graph as a whole, in pixels; and the zoom at which nodes are read there. */
const NARROW = 640;
const LEGIBLE = 0.8;
const NARROW_MARGIN = 16;

/** How a graph is seen first: as a whole, or where that is too small to read, from where it begins. */
export function firstView(rect: Rect, view: Size): Camera {
  const whole = fitRect(rect, view);
  if (whole.zoom >= LEGIBLE || view.w >= NARROW) return whole;
  const middle = view.h / 2 - (rect.y + rect.h / 2) * LEGIBLE;
  const top = NARROW_MARGIN - rect.y * LEGIBLE;
  const fits = rect.h * LEGIBLE <= view.h - 2 * NARROW_MARGIN;
  return { zoom: LEGIBLE, x: NARROW_MARGIN - rect.x * LEGIBLE, y: fits ? middle : top };
}

/** Pans as little as needed to bring `rect` into view. */
export function reveal(camera: Camera, rect: Rect, view: Size, margin = 24): Camera {
  const { x, y } = toScreen(camera, rect);
  const [w, h] = [rect.w * camera.zoom, rect.h * camera.zoom];
  const shift = (start: number, length: number, room: number) => {
    if (start < margin) return margin - start;
    if (start + length > room - margin) return Math.max(room - margin - start - length, margin - start);
    return 0;
  };
  return panBy(camera, shift(x, w, view.w), shift(y, h, view.h));
}
