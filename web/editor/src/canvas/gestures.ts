/** What the wheel and a drag on nothing do. People come from many editors, with mice and with trackpads. */

export interface Gestures {
  /** `device`: a wheel zooms, two fingers on a trackpad move the view. */
  readonly wheel: "device" | "zoom" | "pan";
  readonly drag: "pan" | "select";
}

export const STANDARD_GESTURES: Gestures = { wheel: "device", drag: "pan" };

/** Without a turn for so long (ms), the next turn of the wheel begins a gesture of its own. */
const PAUSE = 250;
/** Fingers begin slowly; a notch of a wheel is more than so many pixels. */
const SLOW = 40;
const NOTCH = 120;

type Turn = Pick<WheelEvent, "deltaX" | "deltaY" | "deltaMode" | "ctrlKey" | "shiftKey" | "timeStamp"> & {
  /** In all browsers, in no standard: whole notches come from a wheel. */
  readonly wheelDeltaY?: number;
};

/** Tells what a turn of the wheel means. What a gesture begins as it stays, however crookedly it goes on. */
export class WheelReader {
  private last = Number.NEGATIVE_INFINITY;
  private pans = false;

  read(turn: Turn, wheel: Gestures["wheel"]): "pan" | "zoom" {
    if (turn.timeStamp - this.last > PAUSE)
      this.pans = wheel === "pan" || isSideways(turn) || isOfFingers(turn, wheel);
    this.last = turn.timeStamp;
    // Browsers report a pinch on a trackpad as a wheel with Ctrl held.
    if (turn.ctrlKey) return "zoom";
    return this.pans || turn.shiftKey ? "pan" : "zoom";
  }
}

function isSideways({ deltaX, deltaY }: Turn): boolean {
  return Math.abs(deltaX) > Math.abs(deltaY);
}

function isOfFingers(
  { deltaX, deltaY, deltaMode, wheelDeltaY = 0 }: Turn,
  wheel: Gestures["wheel"],
): boolean {
  if (wheel !== "device" || deltaMode !== 0) return false;
  return deltaX !== 0 || (Math.abs(deltaY) < SLOW && wheelDeltaY % NOTCH !== 0);
}
