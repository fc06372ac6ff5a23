/** The panels beside the canvas. One is open on each side at most; packs bring panels of their own. */
import type { ComponentType } from "react";
import { createStore } from "zustand/vanilla";
import { actions, addAction } from "../../actions";
import type { FileRef } from "../../api/types";
import { type Label, t } from "../../lib/t";

export interface PanelProps {
  /** `against`: the one that is put beside it. */
  readonly openImages: (images: readonly FileRef[], index: number, against?: number) => void;
}

export interface Panel {
  readonly id: string;
  readonly title: Label;
  readonly side: "left" | "right";
  readonly Icon: ComponentType<{
    readonly size: number;
    readonly strokeWidth?: number;
    readonly "aria-hidden"?: boolean;
  }>;
  readonly Content: ComponentType<PanelProps>;
}

interface Panels {
  readonly list: readonly Panel[];
  readonly left: string | null;
  readonly right: string | null;
}

export const panels = createStore<Panels>(() => ({ list: [], left: null, right: null }));

/** Later panels stand below earlier ones; one of the same id takes its place. */
export function addPanels(...added: readonly Panel[]): () => void {
  const ids = new Set(added.map((panel) => panel.id));
  const without = (list: readonly Panel[]) => list.filter((panel) => !ids.has(panel.id));
  panels.setState(({ list }) => ({ list: [...without(list), ...added] }));
  return () => panels.setState(({ list }) => ({ list: list.filter((panel) => !added.includes(panel)) }));
}

/** A panel that is not the editor's own: the command palette and the list of shortcuts get an action for it. */
export function addExtraPanel(panel: Panel, pack?: string): void {
  addPanels(panel);
  const id = `panel.${panel.id}`;
  // It may have taken the place of a built-in one.
  if (actions.some((action) => action.id === id)) return;
  const label = () => t("Show panel {title}", { title: panel.title() });
  addAction({ id, label, pack, run: (editor) => editor.togglePanel(panel.id) });
}

export function openPanel(id: string): void {
  const panel = panels.getState().list.find((candidate) => candidate.id === id);
  if (panel) panels.setState({ [panel.side]: id });
}

/** Takes away what lies over the canvas, as panels do where there is no room beside it. */
export function makeRoom(): void {
  if (matchMedia("(width < 640px)").matches) panels.setState({ left: null, right: null });
}

export function togglePanel(id: string): void {
  const { left, right } = panels.getState();
  if (id === left) panels.setState({ left: null });
  else if (id === right) panels.setState({ right: null });
  else openPanel(id);
}
