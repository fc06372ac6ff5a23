/** The keys of the paint editor. The sliders of its bar use arrows only. */
import type { KeyboardEvent } from "react";
import { clamp } from "../../lib/geometry";
import type { PaintCanvas } from "./PaintCanvas";
import { LARGEST_BRUSH, toolsFor } from "./tools";

const CLOSER = 1.25;
const SIZE_STEP = 0.15;
const HARDNESS_STEP = 0.1;

export function handleKey(e: KeyboardEvent, canvas: PaintCanvas, save: () => void): void {
  const command = e.ctrlKey || e.metaKey ? combinationOf(e, canvas, save) : commandOf(e, canvas);
  if (!command) return;
  command();
  e.preventDefault();
  e.stopPropagation();
}

function combinationOf(e: KeyboardEvent, canvas: PaintCanvas, save: () => void): (() => void) | null {
  switch (e.key.toLowerCase()) {
    case "z":
      return () => (e.shiftKey ? canvas.redo() : canvas.undo());
    case "y":
      return () => canvas.redo();
    case "i":
      return () => canvas.invert();
    case "s":
    case "enter":
      return save;
    default:
      return null;
  }
}

function commandOf(e: KeyboardEvent, canvas: PaintCanvas): (() => void) | null {
  const { size, hardness } = canvas.settings;
  const key = e.key.toLowerCase();
  const tool = toolsFor(canvas.isDrawing).find((one) => one.key.toLowerCase() === key)?.name;
  if (tool) return () => canvas.set({ tool });
  switch (key) {
    case "[":
    case "]":
      return () => canvas.set({ size: resized(size, key === "]" ? 1 : -1) });
    case "{":
    case "}":
      return () => canvas.set({ hardness: clamp(hardness + (key === "}" ? 1 : -1) * HARDNESS_STEP, 0, 1) });
    case "delete":
      return () => canvas.clear();
    case "0":
      return () => canvas.view.fit();
    case "1":
      return () => canvas.view.zoomTo(1);
    case "+":
    case "=":
      return () => canvas.view.zoomBy(CLOSER);
    case "-":
      return () => canvas.view.zoomBy(1 / CLOSER);
    case " ":
      if (e.target instanceof HTMLButtonElement) return null;
      return () => {
        canvas.spaceDown = true;
      };
    default:
      return null;
  }
}

function resized(size: number, direction: number): number {
  const step = Math.max(1, Math.round(size * SIZE_STEP));
  return clamp(size + direction * step, 1, LARGEST_BRUSH);
}
