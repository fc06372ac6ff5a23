/** `onDrawForeground` and `onDrawBackground`: packs draw over a node, in its own coordinates. */
import type { Overlay } from "../../nodes/packDecor";
import { keepPainted, paintInto } from "./domWidget";
import type { LegacyNode } from "./node";

const TITLE = 28;
const HOOKS = ["onDrawBackground", "onDrawForeground"] as const;

const overlays = new WeakMap<LegacyNode, Overlay>();

/** Null for a node on which nobody draws. */
export function overlayFor(node: LegacyNode): Overlay | null {
  const code = node as unknown as Record<string, unknown>;
  if (!HOOKS.some((hook) => typeof code[hook] === "function")) return null;
  const known = overlays.get(node);
  if (known) return known;
  const overlay: Overlay = (host) => {
    const canvas = document.createElement("canvas");
    canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%";
    host.append(canvas);
    const paint = () =>
      paintInto(
        canvas,
        (ctx) => {
          ctx.translate(0, TITLE);
          for (const hook of HOOKS) node.tell(hook, ctx, node.world.canvas, canvas, [0, 0]);
        },
        node.type,
        node,
      );
    const sizes = new ResizeObserver(paint);
    sizes.observe(canvas);
    const forget = keepPainted(paint);
    return () => {
      forget();
      sizes.disconnect();
    };
  };
  overlays.set(node, overlay);
  return overlay;
}
