/** The line between two pictures, moved by the pointer and the arrow keys. */
import type { KeyboardEvent, PointerEvent } from "react";
import type { PictureView } from "../../canvas/PictureView";
import { clamp } from "../../lib/geometry";
import { t } from "../../lib/t";

const STEP = 2;
const KEYS: Readonly<Record<string, number>> = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -100, End: 100 };

interface Props {
  /** 0..100, from the left. */
  readonly at: number;
  readonly view: PictureView | null;
  /** Of the picture, in its pixels. */
  readonly width: number;
  readonly onMove: (at: number) => void;
}

export function Divider({ at, view, width, onMove }: Props) {
  const down = (e: PointerEvent) => {
    e.stopPropagation();
    e.currentTarget.setPointerCapture(e.pointerId);
  };
  const move = (e: PointerEvent) => {
    if (!view || !e.currentTarget.hasPointerCapture(e.pointerId)) return;
    e.stopPropagation();
    onMove(clamp((view.pictureAt(e.nativeEvent).x / width) * 100, 0, 100));
  };
  const key = (e: KeyboardEvent) => {
    const by = KEYS[e.key];
    if (by === undefined) return;
    onMove(clamp(at + by, 0, 100));
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div
      className="lightbox-divider"
      style={{ left: `${at}%` }}
      role="slider"
      tabIndex={0}
      aria-label={t("Line between the two pictures")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at)}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={(e) => e.stopPropagation()}
      onDoubleClick={(e) => e.stopPropagation()}
      onKeyDown={key}
    />
  );
}
