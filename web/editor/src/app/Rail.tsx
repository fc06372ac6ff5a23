import { AppWindow, Command, Settings } from "lucide-react";
import { useStore } from "zustand";
import { actionOf } from "../actions";
import { useEditor } from "../features/context";
import { panels, togglePanel } from "../features/panels/panels";
import { t } from "../lib/t";
import { Button } from "../ui/Button";

const SHORT = [
  { id: "palette", Icon: Command },
  { id: "app", Icon: AppWindow },
] as const;

/** The narrow strip at the left: what is opened from it stays beside it. */
export function Rail({ onSettings }: { readonly onSettings: () => void }) {
  const editor = useEditor();
  const { list, left } = useStore(panels);
  return (
    <nav className="rail" aria-label={t("Panels")}>
      {list
        .filter((panel) => panel.side === "left")
        .map(({ id, title, Icon }) => (
          <Button
            key={id}
            label={title()}
            icon={<Icon size={18} strokeWidth={1.75} aria-hidden />}
            aria-pressed={left === id}
            onClick={() => togglePanel(id)}
          />
        ))}
      <span className="topbar-space" />
      {SHORT.map(({ id, Icon }) => (
        <Button
          key={id}
          label={actionOf(id).label()}
          icon={<Icon size={18} strokeWidth={1.75} aria-hidden />}
          onClick={() => actionOf(id).run(editor)}
        />
      ))}
      <Button
        label={t("Settings")}
        title={`${t("Settings")} (Ctrl+,)`}
        icon={<Settings size={18} strokeWidth={1.75} aria-hidden />}
        onClick={onSettings}
      />
    </nav>
  );
}
