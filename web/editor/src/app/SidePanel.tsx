import { X } from "lucide-react";
import { type PointerEvent, type ReactNode, useState } from "react";
import { clamp } from "../lib/geometry";
import { t } from "../lib/t";
import { Button } from "../ui/Button";

const KEYS = { left: "easel.libraryWidth", right: "easel.panelWidth" };
const [LEAST, MOST, STEP] = [240, 640, 16];

interface Props {
  readonly title: string;
  readonly side: "left" | "right";
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A drawer beside the canvas; it remembers how wide it was made. */
export function SidePanel({ title, side, onClose, children }: Props) {
  const [width, setWidth] = useState(() =>
    clamp(Number(localStorage.getItem(KEYS[side])) || 300, LEAST, MOST),
  );
  const resize = (next: number) => {
    const fitting = clamp(next, LEAST, MOST);
    setWidth(fitting);
    localStorage.setItem(KEYS[side], String(fitting));
  };
  const drag = (e: PointerEvent<HTMLElement>) => {
    const box = e.currentTarget.parentElement?.getBoundingClientRect();
    if (e.buttons && box) resize(side === "left" ? e.clientX - box.left : box.right - e.clientX);
  };
  return (
    <aside className="panel" data-side={side} aria-label={title} style={{ width }}>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved */}
      <div
        className="panel-edge"
        role="separator"
        tabIndex={0}
        aria-label={t("Width of the panel")}
        aria-orientation="vertical"
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
        onPointerMove={drag}
        onKeyDown={(e) => {
          const grows = side === "left" ? "ArrowRight" : "ArrowLeft";
          if (e.key === "ArrowLeft" || e.key === "ArrowRight")
            resize(width + (e.key === grows ? STEP : -STEP));
        }}
      />
      <header className="panel-title">
        <h1>{title}</h1>
        <Button label={t("Close panel")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <div className="panel-body" tabIndex={0}>
        {children}
      </div>
    </aside>
  );
}
