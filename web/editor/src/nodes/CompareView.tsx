/** Two pictures in one place: the first left of the line, the second right of it. Pointer and arrow keys move the line. */
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { clamp } from "../lib/geometry";
import { t } from "../lib/t";

interface Props {
  readonly a: readonly string[];
  readonly b: readonly string[];
}

const STEP = 2;

export function CompareView({ a, b }: Props) {
  const [at, setAt] = useState(50);
  const [pair, setPair] = useState(0);
  const pairs = Math.min(a.length, b.length);
  const shown = Math.min(pair, pairs - 1);
  const move = (e: PointerEvent) => {
    const box = e.currentTarget.getBoundingClientRect();
    setAt(clamp(((e.clientX - box.left) / box.width) * 100, 0, 100));
  };
  const key = (e: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -100, End: 100 }[e.key];
    if (by === undefined) return;
    setAt(clamp(at + by, 0, 100));
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div
      className="compare"
      data-interactive
      role="slider"
      tabIndex={0}
      aria-label={t("Line between the two pictures")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at)}
      onPointerMove={move}
      onPointerDown={move}
      onKeyDown={key}
    >
      <img src={b[shown]} alt={t("Second")} draggable={false} />
      <img
        src={a[shown]}
        alt={t("First")}
        draggable={false}
        style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}
      />
      <span className="compare-line" style={{ left: `${at}%` }} />
      {pairs > 1 && (
        <button
          type="button"
          className="compare-pair"
          aria-label={t("Next pair")}
          onClick={() => setPair((shown + 1) % pairs)}
        >
          {t("{value} of {max}", { value: shown + 1, max: pairs })}
        </button>
      )}
    </div>
  );
}
