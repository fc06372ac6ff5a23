import { FolderOpen, History, Menu as MenuIcon, Moon, Plus, Redo2, Save, Sun, Undo2 } from "lucide-react";
import { useRef, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { actionOf, keysOf } from "../actions";
import type { Action } from "../actions/action";
import { nameOf, pathOf, rename } from "../actions/save";
import { useEditor } from "../features/context";
import { panels, togglePanel } from "../features/panels/panels";
import { RunButton } from "../features/run/RunButton";
import { shownTheme } from "../features/settings/apply";
import { Button } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { type Anchor, anchorOf } from "../ui/Popover";
import type { OpenEditor } from "./createEditor";

export function TopBar() {
  const editor = useEditor() as OpenEditor;
  const queueOpen = useStore(panels, ({ right }) => right === "queue");
  const theme = useStore(editor.settings.store, shownTheme);
  const history = useSyncExternalStore(editor.doc.store.historyChanged.on, () => {
    const { canUndo, canRedo } = editor.doc.store.history;
    return `${canUndo}-${canRedo}`;
  });
  const [canUndo, canRedo] = history.split("-").map((part) => part === "true");
  return (
    <header className="topbar">
      <FileMenu />
      <WorkflowName />
      <Button
        title={titleOf(actionOf("addNode"))}
        icon={<Plus size={16} aria-hidden />}
        onClick={() => actionOf("addNode").run(editor)}
      >
        Add node
      </Button>
      <span className="topbar-space" />
      <ActionButton id="undo" icon={<Undo2 size={16} aria-hidden />} disabled={!canUndo} />
      <ActionButton id="redo" icon={<Redo2 size={16} aria-hidden />} disabled={!canRedo} />
      <Button
        label={theme === "dark" ? "Light theme" : "Dark theme"}
        icon={theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
        onClick={editor.toggleTheme}
      />
      <Button
        label="Queue and history"
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
  return key ? `${action.label} (${key})` : action.label;
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
      label={action.label}
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
  const items = ["new", "open", "save", "saveAs", "download", "exportPrompt", "settings"].map((id) => {
    const action = actionOf(id);
    const icon = FILE_ICONS[id as keyof typeof FILE_ICONS] ?? <span style={{ width: 14 }} />;
    return { label: action.label, icon, hint: keysOf(action)[0], run: () => action.run(editor) };
  });
  return (
    <span ref={button} className="topbar-brand">
      <Button
        label="File"
        icon={<MenuIcon size={16} aria-hidden />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      />
      {anchor && <Menu anchor={anchor} label="File" items={items} onClose={() => setAnchor(null)} />}
    </span>
  );
}

function WorkflowName() {
  const editor = useEditor() as OpenEditor;
  const name = useSyncExternalStore(editor.renamed.on, () => editor.name);
  const dirty = useSyncExternalStore(editor.renamed.on, () => editor.dirty);
  const commit = (text: string) => {
    const wanted = text.trim().replaceAll("/", " ") || name;
    if (wanted === name) return;
    const { path } = editor;
    const to = path && pathOf([...nameOf(path).split("/").slice(0, -1), wanted].join("/"));
    if (path && to) void rename(editor, path, to).then(() => editor.renamed.emit());
    else editor.name = wanted;
    editor.renamed.emit();
  };
  return (
    <>
      <input
        key={name}
        className="topbar-name"
        aria-label="Name of the workflow"
        defaultValue={name}
        size={Math.max(8, Math.min(40, name.length))}
        spellCheck={false}
        onBlur={(e) => commit(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" || e.key === "Escape") e.currentTarget.blur();
        }}
      />
      {dirty && (
        <span className="topbar-dirty" role="img" aria-label="Not saved" title="Not saved (Ctrl+S)" />
      )}
    </>
  );
}
