/**
 * The canvas: a host element with links below, nodes as elements, and an overlay above. It draws when something changed
 * and sleeps otherwise. It knows nothing of what is inside a node.
 */

import type { GraphDocument } from "../graph/document";
import type { LinkRecord, NodeId } from "../graph/records";
import type { Selection } from "../graph/selection";
import { Emitter } from "../lib/emitter";
import { type Point, type Rect, union } from "../lib/geometry";
import { type Camera, fitRect, panBy, reveal, type Size, toWorld, visibleRect, zoomAt } from "./camera";
import { type FarMarks, paintFarNodes, paintGroups } from "./farPainter";
import { type Gestures, STANDARD_GESTURES } from "./gestures";
import { GroupShells } from "./groupShells";
import { type Hit, hitTest } from "./hitTest";
import { PointerController } from "./input";
import { paintLinks, paintReroutes } from "./linkPainter";
import { menuAtFocus } from "./menuAtFocus";
import { paintOverlay } from "./overlayPainter";
import { Renaming } from "./renaming";
import type { MenuRequest, NodeOffer } from "./requests";
import { Surface } from "./Surface";
import { Scene } from "./scene";
import { Shells } from "./shells";
import { readTheme, type Theme } from "./theme";
import type { OpenEnd, Overlay, PointerInput, ToolContext } from "./tools/tool";
import { Visibility } from "./visibility";

const GRID = 24;

export class Engine implements ToolContext {
  readonly scene: Scene;
  readonly shells: Shells;
  readonly groupShells: GroupShells;
  readonly nodesOffered = new Emitter<NodeOffer>();
  readonly renaming = new Renaming();
  readonly menuAsked = new Emitter<MenuRequest>();
  readonly drawn = new Emitter();
  readonly themeRead = new Emitter();
  grid = 1;
  gestures: Gestures = STANDARD_GESTURES;
  /** Where the mouse rests over the canvas, on the screen. */
  pointer: Point | null = null;

  private readonly backWorld = document.createElement("div");
  private readonly world = document.createElement("div");
  private readonly base = new Surface("canvas-base");
  private readonly top = new Surface("canvas-overlay");
  private readonly visibility = new Visibility();
  private readonly cleanups: (() => void)[] = [];
  private camera_: Camera = { x: 0, y: 0, zoom: 1 };
  private overlay_: Overlay = {};
  private hovered: LinkRecord | null = null;
  private size: Size = { w: 0, h: 0 };
  private theme: Theme;
  private frameRequest = 0;
  private dirtyBase = true;
  private dirtyTop = true;
  private marks: Pick<FarMarks, "isFailed" | "isRunning"> = { isFailed: () => false, isRunning: () => false };

  constructor(
    readonly host: HTMLElement,
    readonly doc: GraphDocument,
    readonly selection: Selection,
  ) {
    this.scene = new Scene(doc);
    this.backWorld.className = "world";
    this.world.className = "world";
    this.groupShells = new GroupShells(this.backWorld, this.scene);
    this.shells = new Shells(this.world, this.scene);
    host.append(this.base.element, this.backWorld, this.world, this.top.element);
    this.theme = readTheme(host);
    const resizes = new ResizeObserver(() => this.measure());
    resizes.observe(host);
    const input = new PointerController(this, host);
    const scroll = () => this.takeScroll();
    host.addEventListener("scroll", scroll);
    this.cleanups.push(
      () => resizes.disconnect(),
      () => input.destroy(),
      () => host.removeEventListener("scroll", scroll),
      this.scene.changed.on((ids) => {
        this.shells.place(ids);
        this.groupShells.update();
        this.invalidate();
      }),
      // Near, nodes show their selection themselves; links do not change with it.
      selection.changed.on(() => (this.isFar || this.scene.reroutes.some) && this.invalidate()),
      doc.touched.on(() =>
        selection.prune(
          (id) => doc.isHere(id),
          (id) => doc.reroute(id)?.sheet === doc.sheet,
        ),
      ),
      doc.replacing.on(() => {
        this.hover(null);
        this.shells.clear();
      }),
    );
    this.measure();
  }

  destroy(): void {
    cancelAnimationFrame(this.frameRequest);
    for (const cleanup of this.cleanups) cleanup();
    this.scene.destroy();
    this.host.replaceChildren();
  }

  get camera(): Camera {
    return this.camera_;
  }

  set camera(camera: Camera) {
    this.camera_ = camera;
    this.invalidate();
  }

  get overlay(): Overlay {
    return this.overlay_;
  }

  set overlay(overlay: Overlay) {
    // Links under a draft are dimmed by the style sheet; one attribute says that there is one.
    this.host.toggleAttribute("data-linking", overlay.draft !== undefined);
    const hidesLink = (overlay.draft === undefined) !== (this.overlay_.draft === undefined);
    this.overlay_ = overlay;
    this.invalidate(hidesLink);
  }

  /** Whether nodes are boxes on the canvas instead of elements. */
  get isFar(): boolean {
    return this.visibility.far;
  }

  get view(): Size {
    return this.size;
  }

  hit(world: Point): Hit {
    return hitTest(this.scene, world, this.camera_.zoom);
  }

  pointAt(pageX: number, pageY: number): { screen: Point; world: Point } {
    const box = this.host.getBoundingClientRect();
    const screen = { x: pageX - box.left, y: pageY - box.top };
    return { screen, world: toWorld(this.camera_, screen) };
  }

  /** Where something goes that comes without a place of its own. */
  pointed(): Point | undefined {
    if (!this.pointer) return undefined;
    const { x, y } = toWorld(this.camera_, this.pointer);
    return { x: Math.round(x), y: Math.round(y) };
  }

  center(): Point {
    return toWorld(this.camera_, { x: this.size.w / 2, y: this.size.h / 2 });
  }

  fit(ids?: Iterable<NodeId>, view = fitRect): void {
    const wanted = ids ?? [...this.doc.nodes()].map((node) => node.id);
    const box = union([...wanted].flatMap((id) => this.scene.frame(id) ?? []));
    if (box && this.size.w) this.camera = view(box, this.size);
  }

  zoomBy(factor: number): void {
    this.camera = zoomAt(this.camera_, { x: this.size.w / 2, y: this.size.h / 2 }, factor);
  }

  /** Brings a node into view. */
  showNode(id: NodeId): void {
    const frame = this.scene.frame(id);
    if (!frame) return;
    this.camera = this.isFar ? fitRect(frame, this.size) : reveal(this.camera_, frame, this.size);
    this.flush();
  }

  /** Brings a node into view and gives it the keyboard, unless something inside has it already. */
  focusNode(id: NodeId): void {
    this.showNode(id);
    // What is inside the shell is drawn once the event at hand is over, and before the next one.
    queueMicrotask(() => {
      const root = this.shells.element(id)?.querySelector<HTMLElement>("[data-node-root]");
      if (!root?.contains(document.activeElement)) root?.focus();
    });
  }

  offerNodes(at: PointerInput, end: OpenEnd | null): void {
    const box = this.host.getBoundingClientRect();
    this.nodesOffered.emit({
      world: at.world,
      page: { x: at.screen.x + box.left, y: at.screen.y + box.top },
      end,
    });
  }

  askMenu(pageX: number, pageY: number): void {
    const { world } = this.pointAt(pageX, pageY);
    this.menuAsked.emit({ hit: this.hit(world), world, page: { x: pageX, y: pageY } });
  }

  askMenuAtFocus(): void {
    this.menuAsked.emit(menuAtFocus(this));
  }

  hover(link: LinkRecord | null): void {
    if (this.hovered?.id === link?.id) return;
    this.hovered = link;
    this.invalidate(false);
  }

  setMarks(marks: Pick<FarMarks, "isFailed" | "isRunning">): void {
    this.marks = marks;
  }

  themeChanged(): void {
    this.theme = readTheme(this.host);
    this.themeRead.emit();
    this.invalidate();
  }

  /** Something changed: draw once, at the next frame. Without `base`, only the overlay. */
  invalidate(base = true): void {
    this.dirtyTop = true;
    this.dirtyBase ||= base;
    this.frameRequest ||= requestAnimationFrame(() => this.flush());
  }

  flush(): void {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    if (!this.size.w) return;
    if (this.dirtyBase) this.drawBase();
    if (this.dirtyTop) this.drawTop();
    this.dirtyBase = false;
    this.dirtyTop = false;
    this.drawn.emit();
  }

  private drawBase(): void {
    const { x, y, zoom } = this.camera_;
    const area: Rect = visibleRect(this.camera_, this.size);
    const mounted = this.visibility.update(this.scene, this.camera_, this.size);
    for (const world of [this.backWorld, this.world])
      world.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    // Not as variables: those are inherited, and every node in view would be styled anew.
    this.host.style.backgroundPosition = `${x}px ${y}px`;
    this.host.style.backgroundSize = `${GRID * zoom}px ${GRID * zoom}px`;
    this.host.style.backgroundImage = zoom < 0.5 ? "none" : "";
    this.shells.show(mounted);
    this.base.draw(this.camera_, (ctx) => {
      paintGroups(ctx, this.scene, area, this.theme);
      paintLinks(ctx, this.scene, area, this.theme, zoom);
      paintReroutes(ctx, this.scene, area, this.theme, this.selection.reroutes);
      if (!this.isFar) return;
      const isSelected = (id: NodeId) => this.selection.has(id);
      paintFarNodes(ctx, this.scene, this.scene.nodesIn(area), this.theme, zoom, {
        isSelected,
        ...this.marks,
      });
    });
  }

  private drawTop(): void {
    const { zoom } = this.camera_;
    this.top.draw(this.camera_, (ctx) => {
      paintOverlay(ctx, this.overlay_, this.hovered, this.scene, this.theme, zoom);
    });
  }

  /** The browser scrolls to what gets the focus or is found in the page; here the camera goes there. */
  private takeScroll(): void {
    const { scrollLeft, scrollTop } = this.host;
    if (!scrollLeft && !scrollTop) return;
    this.host.scrollTo(0, 0);
    this.camera = panBy(this.camera_, -scrollLeft, -scrollTop);
    this.flush();
  }

  private measure(): void {
    const { clientWidth: w, clientHeight: h } = this.host;
    if (w === this.size.w && h === this.size.h) return;
    this.size = { w, h };
    this.base.resize(this.size);
    this.top.resize(this.size);
    // A resized canvas is blank until it is drawn; waiting for the next frame would flicker.
    this.dirtyBase = true;
    this.dirtyTop = true;
    this.flush();
  }
}
