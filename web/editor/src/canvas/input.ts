/** Turns pointer and wheel events into tools at work. Presses on controls inside a node are left to the page. */
import { addReroute } from "../graph/reroutes";
import { distance, type Point } from "../lib/geometry";
import { panBy, zoomAt } from "./camera";
import type { Engine } from "./Engine";
import { EdgePan } from "./edgePan";
import { WheelReader } from "./gestures";
import { TITLE } from "./nodeLayout";
import { PinchTool } from "./tools/PinchTool";
import { toolFor } from "./tools/select";
import type { PointerInput, Tool } from "./tools/tool";

const TEXT = "input, textarea, [contenteditable]";
const HOLD_TIME = 550;
const HOLD_SLACK = 8;
/** Tools that may want to go where the view does not yet reach. */
const CARRIES: ReadonlySet<Tool["name"]> = new Set(["move", "link", "box"]);
const OVERLAYS = "dialog, .popover, [role='menu']";
const CONTROLS = "[data-interactive], input, textarea, select, button, a";

export class PointerController {
  private tool: Tool | null = null;
  private readonly fingers = new Map<number, Point>();
  private spaceDown = false;
  /** Whether something was pressed while Space was held. */
  private spaceUsed = false;
  private readonly wheels = new WheelReader();
  private readonly edges: EdgePan;
  /** The latest move of a drag: when the view moves under it, it is another place. */
  private lastMove: PointerEvent | null = null;
  private hold: ReturnType<typeof setTimeout> | undefined;
  /** Where the finger came down that may yet stay there. */
  private held: Point | null = null;
  private readonly abort = new AbortController();

  constructor(
    private readonly engine: Engine,
    private readonly host: HTMLElement,
  ) {
    const { signal } = this.abort;
    this.edges = new EdgePan(
      () => engine.view,
      (by) => this.panUnder(by),
    );
    // Capture: a slot lies half over a control and must win.
    host.addEventListener("pointerdown", (e) => this.down(e), { signal, capture: true });
    host.addEventListener("pointermove", (e) => this.move(e), { signal });
    host.addEventListener("pointerup", (e) => this.up(e), { signal });
    host.addEventListener("pointercancel", (e) => this.lost(e), { signal });
    host.addEventListener("pointerenter", () => this.enter(), { signal });
    host.addEventListener("pointerleave", () => this.leave(), { signal });
    host.addEventListener("wheel", (e) => this.wheel(e), { signal, passive: false });
    host.addEventListener("contextmenu", (e) => this.menu(e), { signal });
    host.addEventListener("dblclick", (e) => this.doubleClick(e), { signal });
    window.addEventListener("keydown", (e) => this.key(e), { signal });
    // Capture: while something is dragged, Esc takes that back and does nothing else.
    window.addEventListener("keydown", (e) => this.escape(e), { signal, capture: true });
    // Capture: a Space that moved the view is none for what has the focus.
    window.addEventListener("keyup", (e) => this.key(e), { signal, capture: true });
    window.addEventListener("blur", () => this.setSpace(false), { signal });
  }

  destroy(): void {
    this.endHold();
    this.edges.stop();
    this.abort.abort();
  }

  private down(e: PointerEvent): void {
    if (e.pointerType === "touch")
      this.fingers.set(e.pointerId, this.engine.pointAt(e.clientX, e.clientY).screen);
    const [a, b] = this.fingers.values();
    this.endHold();
    if (e.pointerType === "touch" && !b) this.beginHold(e);
    if (a && b) {
      this.begin(new PinchTool(this.engine, [a, b]), e);
      return;
    }
    this.spaceUsed ||= this.spaceDown;
    const input = this.read(e);
    const hit = this.engine.hit(input.world);
    const onSlot = hit.kind === "input" || hit.kind === "output" || hit.kind === "corner";
    const onControl = e.target instanceof Element && e.target.closest(CONTROLS) !== null;
    if (onControl && !onSlot && e.button === 0 && !this.spaceDown) return;
    const tool = toolFor(this.engine, input, hit, this.spaceDown);
    if (!tool) return;
    const onNode = hit.kind === "node" && !onSlot;
    // Who moves the view over a node does nothing with the node.
    this.begin(tool, e, onNode ? (tool.name === "pan" ? "nothing" : "node") : "canvas");
  }

  private begin(tool: Tool, e: PointerEvent, focus: "canvas" | "node" | "nothing" = "canvas"): void {
    this.end()?.cancel();
    this.tool = tool;
    this.host.dataset.tool = tool.name;
    this.host.setPointerCapture(e.pointerId);
    this.engine.hover(null);
    e.stopPropagation();
    e.preventDefault();
    if (focus === "canvas") this.takeFocus();
    if (focus === "node") focusNodeUnder(e.target);
  }

  private move(e: PointerEvent): void {
    const input = this.read(e);
    if (this.fingers.has(e.pointerId)) this.fingers.set(e.pointerId, input.screen);
    if (this.held && distance(this.held, input.screen) > HOLD_SLACK) this.endHold();
    if (this.tool instanceof PinchTool) {
      const [a, b] = this.fingers.values();
      if (a && b) this.tool.fingers(a, b);
    } else if (this.tool) {
      this.lastMove = e;
      this.tool.move(input);
      if (CARRIES.has(this.tool.name)) this.edges.follow(input.screen);
    } else this.hover(e, input);
  }

  /** Who pressed a button with the mouse and is back here means the canvas with the next key: Space must not press again. */
  private enter(): void {
    const last = document.activeElement;
    const isPressed = last instanceof HTMLButtonElement && !last.matches(":focus-visible");
    if (isPressed && !this.host.contains(last) && !last.closest(OVERLAYS)) this.takeFocus();
  }

  /** By the mouse: a ring around all of the canvas would only distract. */
  private takeFocus(): void {
    this.host.focus({ preventScroll: true, focusVisible: false });
  }

  private leave(): void {
    this.engine.pointer = null;
    this.engine.hover(null);
  }

  private hover(e: PointerEvent, input: PointerInput): void {
    if (e.pointerType === "touch") return;
    this.engine.pointer = input.screen;
    const hit = this.engine.hit(input.world);
    this.engine.hover(hit.kind === "link" ? hit.link : null);
    this.host.dataset.over = hit.kind;
  }

  private up(e: PointerEvent): void {
    this.fingers.delete(e.pointerId);
    this.endHold();
    const tool = this.end();
    tool?.up(this.read(e));
  }

  private lost(e: PointerEvent): void {
    this.fingers.delete(e.pointerId);
    this.endHold();
    this.end()?.cancel();
  }

  private panUnder(by: Point): void {
    this.engine.camera = panBy(this.engine.camera, by.x, by.y);
    if (this.lastMove) this.tool?.move(this.read(this.lastMove));
  }

  private end(): Tool | null {
    this.edges.stop();
    this.lastMove = null;
    const tool = this.tool;
    this.tool = null;
    delete this.host.dataset.tool;
    return tool;
  }

  /** A finger that stays asks for the menu. Not every system says so by itself. */
  private beginHold(e: PointerEvent): void {
    if (e.target instanceof Element && e.target.closest(TEXT)) return;
    this.held = this.engine.pointAt(e.clientX, e.clientY).screen;
    this.hold = setTimeout(() => {
      this.endHold();
      this.fingers.clear();
      this.end()?.cancel();
      loseClick();
      this.engine.askMenu(e.clientX, e.clientY);
    }, HOLD_TIME);
  }

  private endHold(): void {
    clearTimeout(this.hold);
    this.held = null;
  }

  private wheel(e: WheelEvent): void {
    if (scrollsItself(e)) return;
    e.preventDefault();
    const { camera, gestures } = this.engine;
    const unit = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : 1;
    if (this.wheels.read(e, gestures.wheel) === "pan") {
      const [dx, dy] = e.shiftKey && !e.deltaX ? [e.deltaY, 0] : [e.deltaX, e.deltaY];
      this.engine.camera = { ...camera, x: camera.x - dx * unit, y: camera.y - dy * unit };
      return;
    }
    // A pinch comes in much smaller steps.
    const speed = e.ctrlKey ? 0.01 : 0.0015;
    const { screen } = this.engine.pointAt(e.clientX, e.clientY);
    this.engine.camera = zoomAt(camera, screen, Math.exp(-e.deltaY * unit * speed));
  }

  private doubleClick(e: MouseEvent): void {
    const { world, screen } = this.engine.pointAt(e.clientX, e.clientY);
    const hit = this.engine.hit(world);
    const frame = hit.kind === "node" ? this.engine.scene.frame(hit.node) : undefined;
    if (hit.kind === "node" && frame && world.y < frame.y + TITLE)
      this.engine.renaming.begin({ kind: "node", id: hit.node });
    else if (hit.kind === "node" && this.engine.doc.definition(this.engine.doc.node(hit.node)?.type ?? ""))
      this.engine.doc.goTo([...this.engine.doc.path, hit.node]);
    else if (hit.kind === "group") this.engine.renaming.begin({ kind: "group", id: hit.group.id });
    else if (hit.kind === "link") addReroute(this.engine.doc, hit.link, world, hit.at);
    else if (hit.kind === "empty") {
      this.engine.offerNodes({ world, screen, add: false, button: 0 }, null);
    }
  }

  /** A right click; a long press has a timer of its own. Text keeps the browser's own menu. */
  private menu(e: MouseEvent): void {
    if (e.target instanceof Element && e.target.closest(TEXT)) return;
    e.preventDefault();
    if (this.fingers.size) return;
    this.end()?.cancel();
    this.engine.askMenu(e.clientX, e.clientY);
  }

  private escape(e: KeyboardEvent): void {
    if (e.key !== "Escape" || !this.tool) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    this.end()?.cancel();
  }

  private key(e: KeyboardEvent): void {
    if (e.code !== "Space") return;
    const free = !(e.target instanceof Element && e.target.closest(CONTROLS));
    if (e.type === "keyup" && this.spaceUsed) e.stopPropagation();
    if (!e.repeat) this.spaceUsed = false;
    this.setSpace(e.type === "keydown" && free);
    if (free && this.host.contains(e.target as Node)) e.preventDefault();
  }

  private setSpace(down: boolean): void {
    this.spaceDown = down;
    this.host.toggleAttribute("data-space", down);
  }

  private read(e: PointerEvent): PointerInput {
    const { screen, world } = this.engine.pointAt(e.clientX, e.clientY);
    const add = e.shiftKey || e.ctrlKey || e.metaKey;
    return { screen, world, add, alt: e.altKey, button: e.button, finger: e.pointerType === "touch" };
  }
}

/** The finger that asked for the menu may lie on it by now: lifting it chooses nothing. */
function loseClick(): void {
  const abort = new AbortController();
  const options = { capture: true, signal: abort.signal };
  window.addEventListener("click", (e) => e.stopPropagation(), options);
  for (const next of ["click", "pointerdown", "keydown"])
    window.addEventListener(next, () => abort.abort(), options);
}

function focusNodeUnder(target: EventTarget | null): void {
  const root = target instanceof Element ? target.closest<HTMLElement>("[data-node-root]") : null;
  root?.focus({ preventScroll: true });
}

/** A text that has the focus and more lines than fit keeps its wheel. */
function scrollsItself(e: WheelEvent): boolean {
  const area = e.target instanceof Element ? e.target.closest("textarea, [data-scrolls]") : null;
  if (!area || e.ctrlKey) return false;
  const focused = area === document.activeElement || area.hasAttribute("data-scrolls");
  return focused && area.scrollHeight > area.clientHeight + 1;
}
