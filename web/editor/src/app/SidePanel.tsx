import { X } from "lucide-react";
import { type PointerEvent, type ReactNode, useState } from "react";
import { clamp } from "../lib/geometry";
import { Button } from "../ui/Button";

const KEY = "easel.panelWidth";
const [LEAST, MOST, STEP] = [240, 640, 16];

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The drawer at the right; it remembers how wide it was made. */
export function SidePanel({ title, onClose, children }: Props) {
  const [width, setWidth] = useState(() => clamp(Number(localStorage.getItem(KEY)) || 300, LEAST, MOST));
  const resize = (next: number) => {
    const fitting = clamp(next, LEAST, MOST);
    setWidth(fitting);
    localStorage.setItem(KEY, String(fitting));
  };
  const drag = (e: PointerEvent<HTMLElement>) => {
    if (e.buttons) resize(window.innerWidth - e.clientX);
  };
  return (
    <aside className="panel" aria-label={title} style={{ width }}>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved */}
      <div
        className="panel-edge"
        role="separator"
        tabIndex={0}
        aria-label="Width of the panel"
        aria-orientation="vertical"
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
        onPointerMove={drag}
        onKeyDown={(e) => {
          if (e.key === "ArrowLeft") resize(width + STEP);
          if (e.key === "ArrowRight") resize(width - STEP);
        }}
      />
      <header className="panel-title">
        <h1>{title}</h1>
        <Button label="Close panel" icon={<X size={16} aria-hidden />} onClick={onClose} />
      </header>
      <div className="panel-body">{children}</div>
    </aside>
  );
}
