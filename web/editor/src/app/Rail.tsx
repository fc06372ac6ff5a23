import { FolderOpen, Settings } from "lucide-react";
import { Button } from "../ui/Button";

interface Props {
  readonly libraryOpen: boolean;
  readonly onToggleLibrary: () => void;
  readonly onSettings: () => void;
}

/** The narrow strip at the left: what is opened from it stays beside it. */
export function Rail({ libraryOpen, onToggleLibrary, onSettings }: Props) {
  return (
    <nav className="rail" aria-label="Panels">
      <Button
        label="Workflows"
        icon={<FolderOpen size={18} strokeWidth={1.75} aria-hidden />}
        aria-pressed={libraryOpen}
        onClick={onToggleLibrary}
      />
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
