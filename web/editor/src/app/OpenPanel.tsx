import { useStore } from "zustand";
import { type PanelProps, panels } from "../features/panels/panels";
import { locale } from "../lib/t";
import { SidePanel } from "./SidePanel";

/** The panel that is open on this side, if any. */
export function OpenPanel({ side, ...props }: PanelProps & { readonly side: "left" | "right" }) {
  const { list, [side]: id } = useStore(panels);
  const panel = list.find((candidate) => candidate.id === id && candidate.side === side);
  if (!panel) return null;
  return (
    <SidePanel title={panel.title()} side={side} onClose={() => panels.setState({ [side]: null })}>
      <panel.Content key={locale()} {...props} />
    </SidePanel>
  );
}
