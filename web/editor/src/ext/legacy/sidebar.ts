/** Panels of packs: an icon on the rail, and an element that they fill. */
import { Puzzle } from "lucide-react";
import { callingPack } from "../../features/packs/packs";
import { addExtraPanel } from "../../features/panels/panels";
import { mountedPanel } from "../mountedPanel";

interface SidebarTab {
  readonly id: string;
  readonly title?: string;
  readonly tooltip?: string;
  readonly render?: (element: HTMLElement) => unknown;
  readonly destroy?: () => void;
}

export function addSidebarTab({ id, title, tooltip, render, destroy }: SidebarTab): void {
  const pack = callingPack();
  const mount = (element: HTMLElement) => {
    render?.(element);
    return destroy;
  };
  const Content = mountedPanel(id, pack, mount);
  addExtraPanel(
    { id, title: () => title ?? tooltip ?? id, side: "left", Icon: Puzzle, Content },
    pack ?? undefined,
  );
}
