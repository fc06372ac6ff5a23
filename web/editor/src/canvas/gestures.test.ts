import { describe, expect, it } from "vitest";
import { type Gestures, WheelReader } from "./gestures";

/** Turns one after the other, 16 ms apart, as a browser reports them: [deltaX, deltaY]. */
function read(
  turns: readonly (readonly [number, number])[],
  wheel: Gestures["wheel"] = "device",
  keys = {},
): string[] {
  const reader = new WheelReader();
  return turns.map(([deltaX, deltaY], i) =>
    reader.read(
      {
        deltaX,
        deltaY,
        deltaMode: 0,
        ctrlKey: false,
        shiftKey: false,
        timeStamp: 16 * i,
        wheelDeltaY: -3 * deltaY,
        ...keys,
      },
      wheel,
    ),
  );
}

describe("the wheel", () => {
  it("zooms, notch by notch", () => {
    expect(
      read(
        [
          [0, 100],
          [0, 100],
        ],
        "device",
        { wheelDeltaY: -120 },
      ),
    ).toEqual(["zoom", "zoom"]);
    expect(read([[0, 4]], "device", { wheelDeltaY: -120 })).toEqual(["zoom"]);
    expect(read([[0, 3]], "device", { deltaMode: 1 })).toEqual(["zoom"]);
  });

  it("moves the view when it is two fingers on a trackpad, also where they go straight or fast", () => {
    expect(
      read([
        [0, 4],
        [1, 30],
        [0, 120],
        [0, 9],
      ]),
    ).toEqual(["pan", "pan", "pan", "pan"]);
  });

  it("zooms with Ctrl and with a pinch, and moves sideways with Shift", () => {
    expect(read([[0, 4]], "pan", { ctrlKey: true })).toEqual(["zoom"]);
    expect(read([[0, 100]], "zoom", { shiftKey: true })).toEqual(["pan"]);
  });

  it("does what was chosen, whatever the device", () => {
    expect(
      read(
        [
          [0, 4],
          [1, 30],
        ],
        "zoom",
      ),
    ).toEqual(["zoom", "zoom"]);
    expect(read([[0, 100]], "pan", { wheelDeltaY: -120 })).toEqual(["pan"]);
  });

  it("may become another gesture after a pause", () => {
    const reader = new WheelReader();
    const turn = { deltaMode: 0, ctrlKey: false, shiftKey: false };
    const fingers = { ...turn, deltaX: 0, deltaY: 5, wheelDeltaY: -15, timeStamp: 0 };
    const notch = { ...turn, deltaX: 0, deltaY: 100, wheelDeltaY: -120, timeStamp: 600 };
    expect([reader.read(fingers, "device"), reader.read(notch, "device")]).toEqual(["pan", "zoom"]);
  });
});
