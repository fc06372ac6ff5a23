/** A small panel at a place in the page, kept inside the window, closed by a press outside or Esc. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

export interface Anchor {
  readonly x: number;
  readonly y: number;
  /** Height of the thing it belongs to; the panel goes above it where there is no room below. */
  readonly h?: number;
  readonly w?: number;
}

interface Props {
  readonly anchor: Anchor;
  /** As wide as what is in it where none is given. */
  readonly width?: number | undefined;
  /** For one that stands by itself in the page. */
  readonly label?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const EDGE = 8;

export function anchorOf(element: Element): Anchor {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left, y: top, w: width, h: height };
}

export function Popover({ anchor, width, label, onClose, children }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  const belongs = anchor.w !== undefined;
  // Asked before anything inside takes the focus.
  const [before] = useState(() => document.activeElement);

  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const { x, y, h = 0 } = anchor;
    const place = () => {
      const box = element.getBoundingClientRect();
      const below = y + h + 4;
      const fits = below + box.height <= window.innerHeight - EDGE;
      const top = fits
        ? below
        : Math.max(EDGE, h ? y - box.height - 4 : window.innerHeight - EDGE - box.height);
      element.style.left = `${Math.max(EDGE, Math.min(x, window.innerWidth - EDGE - box.width))}px`;
      element.style.top = `${top}px`;
    };
    place();
    const resizes = new ResizeObserver(place);
    resizes.observe(element);
    return () => resizes.disconnect();
  }, [anchor]);

  // From the moment it is seen: the next key may be Esc.
  useLayoutEffect(() => {
    const press = (e: PointerEvent) => {
      if (!panel.current?.contains(e.target as Node)) onClose();
    };
    const key = (e: KeyboardEvent) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      onClose();
    };
    // The element it belongs to moves away under it.
    const turn = (e: WheelEvent) => {
      if (belongs && !panel.current?.contains(e.target as Node)) onClose();
    };
    window.addEventListener("pointerdown", press, true);
    window.addEventListener("wheel", turn, { capture: true, passive: true });
    window.addEventListener("keydown", key, true);
    window.addEventListener("blur", onClose);
    return () => {
      window.removeEventListener("pointerdown", press, true);
      window.removeEventListener("wheel", turn, true);
      window.removeEventListener("keydown", key, true);
      window.removeEventListener("blur", onClose);
    };
  }, [onClose, belongs]);

  useEffect(
    () => () => {
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (lost && before instanceof HTMLElement) before.focus({ preventScroll: true });
    },
    [before],
  );

  return createPortal(
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it has a role whenever it has a name
    <div
      ref={panel}
      className="popover"
      role={label ? "dialog" : undefined}
      aria-label={label}
      style={{ width }}
    >
      {children}
    </div>,
    document.body,
  );
}
