import { FolderOpen, History, Menu as MenuIcon, Moon, Plus, Redo2, Save, Sun, Undo2 } from "lucide-react";
import { useCallback, useRef, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { actionOf, keysOf } from "../actions";
import type { Action } from "../actions/action";
import { useEditor } from "../features/context";
import { panels, togglePanel } from "../features/panels/panels";
import { RunButton } from "../features/run/RunButton";
import { shownTheme, watchSettings } from "../features/settings/apply";
import { TabBar } from "../features/tabs/TabBar";
import { t } from "../lib/t";
import { Button } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { type Anchor, anchorOf } from "../ui/Popover";
import type { OpenEditor } from "./createEditor";

export function TopBar() {
  const editor = useEditor() as OpenEditor;
  const queueOpen = useStore(panels, ({ right }) => right === "queue");
  const watch = useCallback((changed: () => void) => watchSettings(editor.settings, changed), [editor]);
  const theme = useSyncExternalStore(watch, () => shownTheme(editor.settings.get()));
  const history = useSyncExternalStore(editor.doc.store.historyChanged.on, () => {
    const { canUndo, canRedo } = editor.doc.store.history;
    return `${canUndo}-${canRedo}`;
  });
  const [canUndo, canRedo] = history.split("-").map((part) => part === "true");
  return (
    <header className="topbar">
      <FileMenu />
      <TabBar />
      <Button
        label={t("Add node")}
        title={titleOf(actionOf("addNode"))}
        icon={<Plus size={16} aria-hidden />}
        onClick={() => actionOf("addNode").run(editor)}
      >
        <span className="topbar-word">{t("Add node")}</span>
      </Button>
      <span className="topbar-space" />
      <ActionButton id="undo" icon={<Undo2 size={16} aria-hidden />} disabled={!canUndo} />
      <ActionButton id="redo" icon={<Redo2 size={16} aria-hidden />} disabled={!canRedo} />
      <Button
        className="topbar-theme"
        label={theme === "dark" ? t("Light theme") : t("Dark theme")}
        icon={theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
        onClick={editor.toggleTheme}
      />
      <Button
        label={t("Queue and history")}
        icon={<History size={16} aria-hidden />}
        aria-pressed={queueOpen}
        onClick={() => togglePanel("queue")}
      />
      <RunButton />
    </header>
  );
}

function titleOf(action: Action): string {
  const [key] = keysOf(action);
  return key ? `${action.label()} (${key})` : action.label();
}

function ActionButton({
  id,
  icon,
  disabled,
}: {
  readonly id: string;
  readonly icon: React.ReactNode;
  readonly disabled?: boolean;
}) {
  const editor = useEditor();
  const action = actionOf(id);
  return (
    <Button
      label={action.label()}
      title={titleOf(action)}
      icon={icon}
      disabled={disabled}
      onClick={() => action.run(editor)}
    />
  );
}

const FILE_ICONS = { new: <Plus size={14} />, open: <FolderOpen size={14} />, save: <Save size={14} /> };

function FileMenu() {
  const editor = useEditor();
  const button = useRef<HTMLSpanElement>(null);
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const items = ["new", "open", "reopenTab", "save", "saveAs", "download", "exportPrompt", "settings"].map(
    (id) => {
      const action = actionOf(id);
      const icon = FILE_ICONS[id as keyof typeof FILE_ICONS] ?? <span style={{ width: 14 }} />;
      return { label: action.label(), icon, hint: keysOf(action)[0], run: () => action.run(editor) };
    },
  );
  return (
    <span ref={button} className="topbar-brand">
      <Button
        label={t("File")}
        icon={<MenuIcon size={16} aria-hidden />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      />
      {anchor && <Menu anchor={anchor} label={t("File")} items={items} onClose={() => setAnchor(null)} />}
    </span>
  );
}
