/** Widgets that packs draw: an element of theirs, a button, or what their `draw` paints on a canvas. */
import type { CustomSpec } from "../../graph/widgets";
import type { Json } from "../../lib/json";
import { type CustomView, registerView } from "../../nodes/customViews";
import { guarded } from "../guard";
import type { LegacyNode } from "./node";
import type { Callback, WidgetLike, WidgetOptions } from "./widget";

let lastView = 0;
const ROW = 24;
const LEAST = 48;

/** A name of its own for each view, since each shows an element of its own. */
function viewFor(view: CustomView): string {
  const name = `pack-${++lastView}`;
  registerView(name, view);
  return name;
}

export class DomWidget implements WidgetLike {
  label: string | undefined;
  hidden = false;
  serialize: boolean | undefined;
  callback: WidgetLike["callback"];
  computeSize: WidgetLike["computeSize"];
  serializeValue: WidgetLike["serializeValue"];
  onRemove: WidgetLike["onRemove"];
  computedHeight = LEAST;
  linkedWidgets: unknown[] = [];
  readonly view: string;
  private own: unknown = "";

  constructor(
    readonly node: LegacyNode,
    public name: string,
    public type: string,
    readonly element: HTMLElement,
    readonly options: WidgetOptions = {},
  ) {
    element.classList.add("pack-element");
    this.view = viewFor((host) => void host.append(element));
  }

  get inputEl(): HTMLElement {
    return this.element;
  }

  get value(): unknown {
    return this.options.getValue ? this.options.getValue() : this.own;
  }
  set value(value: unknown) {
    if (this.options.setValue) this.options.setValue(value);
    else this.own = value;
    this.node.settle();
  }
}

/** The control that a widget of a pack's own gets in the node. */
export function customSpec(widget: WidgetLike, node: LegacyNode): CustomSpec {
  const view = widget instanceof DomWidget ? widget.view : foreignView(widget, node);
  const grows = widget instanceof DomWidget && !widget.options.getMaxHeight && !widget.options.getHeight;
  return { kind: "custom", default: null, view, height: heightOf(widget), grows };
}

function heightOf(widget: WidgetLike): number {
  const size = widget.computeSize?.(240);
  if (size && size[1] > 0) return size[1];
  if (!(widget instanceof DomWidget)) return ROW;
  const { getMinHeight, getHeight } = widget.options;
  const asked = getMinHeight?.() ?? Number.parseFloat(String(getHeight?.() ?? ""));
  return asked > 0 ? asked : LEAST;
}

const foreign = new WeakMap<WidgetLike, string>();

function foreignView(widget: WidgetLike, node: LegacyNode): string {
  const known = foreign.get(widget);
  if (known) return known;
  const name = viewFor(widget.type === "button" ? buttonView(widget, node) : paintedView(widget, node));
  foreign.set(widget, name);
  return name;
}

function buttonView(widget: WidgetLike, node: LegacyNode): CustomView {
  return (host) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pack-button";
    button.textContent = widget.label ?? widget.name;
    button.onclick = (event) => node.edit(`${widget.name}`, () => press(widget, node, event));
    host.append(button);
  };
}

function press(widget: WidgetLike, node: LegacyNode, event: Event): unknown {
  return (widget.callback as Callback | undefined)?.call(
    widget,
    widget.value,
    node.canvas,
    node,
    [0, 0],
    event,
  );
}

/** Canvases of widgets and nodes that are in the page; drawn again when litegraph would draw. */
const painted = new Set<() => void>();
let asked = 0;
let drawing = false;

/** Whether a pack is drawing: what it asks for meanwhile would never come to an end. */
export function isDrawing(): boolean {
  return drawing;
}

export function repaint(): void {
  if (drawing || asked || !painted.size) return;
  asked = requestAnimationFrame(() => {
    asked = 0;
    for (const paint of [...painted]) paint();
  });
}

export function keepPainted(paint: () => void): () => void {
  painted.add(paint);
  return () => painted.delete(paint);
}

function paintedView(widget: WidgetLike, node: LegacyNode): CustomView {
  return (host, { signal }) => {
    const canvas = document.createElement("canvas");
    canvas.style.cssText = "width:100%;height:100%;display:block";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", widget.label ?? widget.name);
    host.append(canvas);
    const paint = () =>
      paintInto(canvas, (ctx, w, h) => widget.draw?.(ctx, node, w, 0, h), widget.name, node);
    const pointer = (event: PointerEvent) => {
      if (event.type === "pointerdown") canvas.setPointerCapture(event.pointerId);
      else if (!event.buttons && event.type === "pointermove") return;
      node.edit(widget.name, () => widget.mouse?.(event, [event.offsetX, event.offsetY], node));
      repaint();
    };
    for (const type of ["pointerdown", "pointermove", "pointerup"] as const)
      canvas.addEventListener(type, pointer, { signal });
    const sizes = new ResizeObserver(paint);
    sizes.observe(canvas);
    const forget = keepPainted(paint);
    return () => {
      forget();
      sizes.disconnect();
    };
  };
}

/** Clears the canvas and lets a pack draw on it, in pixels of the page. */
export function paintInto(
  canvas: HTMLCanvasElement,
  draw: (ctx: CanvasRenderingContext2D, w: number, h: number) => void,
  where: string,
  node: LegacyNode,
): void {
  const [w, h] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = Math.min(2, devicePixelRatio);
  canvas.width = Math.max(1, w * ratio);
  canvas.height = Math.max(1, h * ratio);
  const ctx = canvas.getContext("2d");
  if (!ctx || !w) return;
  ctx.scale(ratio, ratio);
  drawing = true;
  guarded(`drawing ${where}`, node.pack, () => draw(ctx, w, h));
  drawing = false;
}

/** What can be kept in a file; anything else counts as no value. */
export function asJson(value: unknown): Json {
  try {
    return (JSON.parse(JSON.stringify(value ?? null)) ?? null) as Json;
  } catch {
    return null;
  }
}
