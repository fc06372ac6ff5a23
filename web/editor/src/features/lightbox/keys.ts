/** The keys of the lightbox. A film or a sound that has the focus keeps those that move it. */
import type { KeyboardEvent } from "react";
import type { PictureView } from "../../canvas/PictureView";
import { actualSize } from "./actualSize";
import type { LightboxState } from "./useLightbox";
import type { Ways } from "./ways";

const CLOSER = 1.25;

export interface Commands {
  /** Null where nothing is to be zoomed. */
  readonly view: PictureView | null;
  readonly state: LightboxState;
  readonly ways: Ways | null;
  readonly info: () => void;
}

export function handleKey(e: KeyboardEvent, commands: Commands): void {
  const command = commandOf(e, commands);
  if (!command) return;
  command();
  e.preventDefault();
  e.stopPropagation();
}

function commandOf(e: KeyboardEvent, { view, state, ways, info }: Commands): (() => void) | null | undefined {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  if (e.altKey) return null;
  if (e.ctrlKey || e.metaKey) {
    if (key === "c" && !document.getSelection()?.toString()) return ways?.copy;
    return key === "s" ? ways?.download : null;
  }
  const plays = e.target instanceof HTMLMediaElement;
  switch (key) {
    case "ArrowLeft":
      return plays ? null : turned(state, -1);
    case "ArrowRight":
      return plays ? null : turned(state, 1);
    case "PageUp":
      return turned(state, -1);
    case "PageDown":
      return turned(state, 1);
    case "Home":
      return plays ? null : () => state.go("first");
    case "End":
      return plays ? null : () => state.go("last");
    case "c":
      return state.compare;
    case "i":
      return info;
    case "d":
      return ways?.download;
    case "w":
      return ways?.openWorkflow;
  }
  return view && zoomOf(key, view);
}

function turned({ turn }: LightboxState, by: number): (() => void) | null {
  return turn && (() => turn(by));
}

function zoomOf(key: string, view: PictureView): (() => void) | null {
  switch (key) {
    case "0":
    case "f":
      return () => view.fit();
    case "1":
      return () => view.zoomTo(actualSize());
    case "+":
    case "=":
      return () => view.zoomBy(CLOSER);
    case "-":
      return () => view.zoomBy(1 / CLOSER);
    default:
      return null;
  }
}
