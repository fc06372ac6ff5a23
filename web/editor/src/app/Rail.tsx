import { Settings } from "lucide-react";
import { useStore } from "zustand";
import { panels, togglePanel } from "../features/panels/panels";
import { Button } from "../ui/Button";

/** The narrow strip at the left: what is opened from it stays beside it. */
export function Rail({ onSettings }: { readonly onSettings: () => void }) {
  const { list, left } = useStore(panels);
  return (
    <nav className="rail" aria-label="Panels">
      {list
        .filter((panel) => panel.side === "left")
        .map(({ id, title, Icon }) => (
          <Button
            key={id}
            label={title}
            icon={<Icon size={18} strokeWidth={1.75} aria-hidden />}
            aria-pressed={left === id}
            onClick={() => togglePanel(id)}
          />
        ))}
      <span className="topbar-space" />
      <Button
        label="Settings"
        title="Settings (Ctrl+,)"
        icon={<Settings size={18} strokeWidth={1.75} aria-hidden />}
        onClick={onSettings}
      />
    </nav>
  );
}
