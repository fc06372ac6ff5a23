/** The open workflows. Drag or Shift+arrows to put them in order, F2 or a double click to rename, middle click to close. */
import { Plus, X } from "lucide-react";
import { type KeyboardEvent, useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { useStore } from "zustand";
import { actionOf } from "../../actions";
import { renameTab } from "../../actions/save";
import { closeTabs, duplicate } from "../../actions/tabs";
import { t } from "../../lib/t";
import { TitleInput } from "../../nodes/TitleInput";
import type { Tab } from "../../tabs/Tab";
import type { Tabs } from "../../tabs/Tabs";
import { Button } from "../../ui/Button";
import { Menu, type MenuItem } from "../../ui/Menu";
import type { Anchor } from "../../ui/Popover";
import { useEditor, useFeatures } from "../context";
import { percentOf } from "../run/runStore";

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowLeft: -1, ArrowRight: 1 };

export function TabBar() {
  const editor = useEditor();
  const { tabs } = editor;
  const list = useSyncExternalStore(tabs.changed.on, () => tabs.list);
  const [menu, setMenu] = useState<{ anchor: Anchor; tab: Tab } | null>(null);
  const [renaming, setRenaming] = useState<Tab | null>(null);
  const grabbed = useRef<Tab | null>(null);
  const closeMenu = useCallback(() => setMenu(null), []);
  const renamed = (tab: Tab) => (name: string | null) => {
    setRenaming(null);
    if (name !== null) void renameTab(editor, tab, name);
  };
  return (
    <>
      <div
        className="tabs"
        role="tablist"
        aria-label={t("Workflows that are open")}
        onPointerMove={({ buttons, clientX, currentTarget }) => {
          if (buttons === 1 && grabbed.current) dragTo(clientX, currentTarget, grabbed.current, tabs);
          else grabbed.current = null;
        }}
      >
        {list.map((tab) =>
          tab === renaming ? (
            <div key={tab.id} className="tab" data-current>
              <TitleInput label={t("Name of the workflow")} title={tab.name} onDone={renamed(tab)} />
            </div>
          ) : (
            <TabHead
              key={tab.id}
              tab={tab}
              onGrab={() => {
                grabbed.current = tab;
              }}
              onRename={() => setRenaming(tab)}
              onMenu={(anchor) => setMenu({ anchor, tab })}
            />
          ),
        )}
      </div>
      <Button
        className="tabs-new"
        label={t("New workflow")}
        title={`${t("New workflow")} (Alt+N)`}
        icon={<Plus size={16} aria-hidden />}
        onClick={() => actionOf("new").run(editor)}
      />
      {menu && (
        <Menu
          anchor={menu.anchor}
          label={t("Tab")}
          items={menuItems(editor, menu.tab, () => setRenaming(menu.tab))}
          onClose={closeMenu}
        />
      )}
    </>
  );
}

interface HeadProps {
  readonly tab: Tab;
  readonly onGrab: () => void;
  readonly onRename: () => void;
  readonly onMenu: (anchor: Anchor) => void;
}

function TabHead({ tab, onGrab, onRename, onMenu }: HeadProps) {
  const { editor, run } = useFeatures();
  const { tabs } = editor;
  const head = useRef<HTMLDivElement>(null);
  const current = useSyncExternalStore(tabs.changed.on, () => tabs.current === tab);
  const name = useSyncExternalStore(tabs.changed.on, () => tab.name);
  const dirty = useSyncExternalStore(tabs.changed.on, () => tab.dirty);
  const running = useStore(run, ({ runs }) => runs.some((one) => one.tab === tab.id));
  // Of several runs of the workflow, the one that began first.
  const percent = useStore(run, ({ runs }) => {
    const first = runs.find((one) => one.tab === tab.id);
    return first ? (percentOf(first) ?? 0) : 0;
  });
  useEffect(() => {
    if (current) head.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);

  const key = (e: KeyboardEvent) => {
    const by = STEPS[e.key];
    if (by && e.shiftKey) tabs.move(tab, Math.max(0, tabs.list.indexOf(tab) + by));
    else if (by) {
      const bar = e.currentTarget.parentElement;
      flushSync(() => tabs.step(by));
      bar?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    } else if (e.key === "F2") onRename();
    else if (e.key === "Delete") closeTabs(editor, [tab]);
    else return;
    e.preventDefault();
  };
  return (
    <div
      ref={head}
      className="tab"
      role="tab"
      tabIndex={current ? 0 : -1}
      aria-selected={current}
      aria-label={[name, dirty && t("not saved"), running && t("running")].filter(Boolean).join(", ")}
      title={tab.path?.replace(/^workflows\//, "") ?? t("{name} (saved nowhere yet)", { name })}
      data-current={current || undefined}
      onPointerDown={(e) => {
        if (e.button !== 0) return;
        tabs.show(tab);
        onGrab();
      }}
      onAuxClick={(e) => e.button === 1 && closeTabs(editor, [tab])}
      onMouseDown={(e) => e.button === 1 && e.preventDefault()}
      onDoubleClick={onRename}
      onKeyDown={key}
      onContextMenu={(e) => {
        e.preventDefault();
        const box = e.currentTarget.getBoundingClientRect();
        onMenu({ x: box.left, y: box.bottom });
      }}
    >
      <span className="tab-name">{name}</span>
      {dirty && <span className="tab-dot" aria-hidden />}
      {/* The keyboard closes with Delete or Alt+W; what is inside a tab cannot be a button of its own. */}
      <span
        className="tab-close"
        aria-hidden
        title={`${t("Close")} (Alt+W)`}
        onPointerDown={(e) => e.stopPropagation()}
        onClick={() => closeTabs(editor, [tab])}
      >
        <X size={14} />
      </span>
      {running && <span className="tab-progress" style={{ width: `${percent}%` }} aria-hidden />}
    </div>
  );
}

/** Moves the tab to where the pointer is, as soon as it is beyond the middle of a neighbour. */
function dragTo(x: number, bar: HTMLElement, tab: Tab, tabs: Tabs): void {
  const from = tabs.list.indexOf(tab);
  const to = [...bar.children].findIndex((head) => x < head.getBoundingClientRect().right);
  const box = bar.children[to]?.getBoundingClientRect();
  if (!box || to === from) return;
  const middle = box.left + box.width / 2;
  if (to < from ? x < middle : x > middle) tabs.move(tab, to);
}

function menuItems(editor: ReturnType<typeof useEditor>, tab: Tab, rename: () => void): MenuItem[] {
  const { tabs } = editor;
  const others = tabs.list.filter((other) => other !== tab);
  const after = tabs.list.slice(tabs.list.indexOf(tab) + 1);
  const reopen = actionOf("reopenTab");
  return [
    { label: t("Rename"), hint: "F2", run: rename },
    { label: t("Duplicate"), run: () => duplicate(tabs, tab) },
    { label: t("Close"), hint: "Alt+W", separated: true, run: () => closeTabs(editor, [tab]) },
    { label: t("Close others"), disabled: !others.length, run: () => closeTabs(editor, others) },
    { label: t("Close those to the right"), disabled: !after.length, run: () => closeTabs(editor, after) },
    { label: reopen.label(), hint: reopen.keys?.[0], separated: true, run: () => reopen.run(editor) },
  ];
}
