/** The brush as a ring at the pointer, as large as what it covers. */
import type { PictureView } from "../../canvas/PictureView";

export class BrushRing {
  private readonly ring = document.createElement("div");

  constructor(
    host: HTMLElement,
    private readonly view: PictureView,
  ) {
    this.ring.className = "paint-ring";
    this.ring.hidden = true;
    host.append(this.ring);
    host.addEventListener("pointerleave", () => this.show(null));
  }

  /** `size` pixels of the picture wide; null: none. Without an event it stays where it is. */
  show(size: number | null, e?: PointerEvent): void {
    this.ring.hidden = size === null || e?.pointerType === "touch";
    if (size === null) return;
    const wide = size * this.view.zoom;
    this.ring.style.width = `${wide}px`;
    this.ring.style.height = `${wide}px`;
    if (!e) return;
    const { x, y } = this.view.place(e);
    this.ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }
}
