/** A press that is followed to its end, wherever the pointer goes. */
import type { PointerEvent as PressEvent } from "react";

export interface Hand {
  readonly move: (e: PointerEvent) => void;
  readonly up: () => void;
  /** Esc, or a pointer that is lost: what was done since the press is taken back. */
  readonly cancel: () => void;
}

export function follow(press: PressEvent<Element>, { move, up, cancel }: Hand): void {
  const end = new AbortController();
  // At the window, before all others: the control may go while it is held, and Esc is for nobody else then.
  const options = { capture: true, signal: end.signal };
  const own = (act: (e: PointerEvent) => void) => (e: PointerEvent) => {
    if (e.pointerId === press.pointerId) act(e);
  };
  const ended = (then: () => void) => () => {
    end.abort();
    then();
  };
  press.currentTarget.setPointerCapture(press.pointerId);
  window.addEventListener("pointermove", own(move), options);
  window.addEventListener("pointerup", own(ended(up)), options);
  window.addEventListener("pointercancel", own(ended(cancel)), options);
  window.addEventListener(
    "keydown",
    (e) => {
      if (e.key !== "Escape") return;
      e.preventDefault();
      e.stopImmediatePropagation();
      ended(cancel)();
    },
    options,
  );
}
