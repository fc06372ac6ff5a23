/** All actions with their keys, each of which can be given another one. */
import { RotateCcw, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { allActions, keysOf, keyTakenBy, registry } from "../../actions";
import { type Action, keyName } from "../../actions/action";
import { fuzzySearch } from "../../lib/fuzzy";
import { type Label, t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { bindKey, holderOf, resetKeys, unbind } from "./keymap";

/** What the canvas does by itself, and cannot be given another key. */
const FIXED: readonly (readonly [Label, Label])[] = [
  [() => t("Space"), () => t("Pan while held")],
  [() => t("Wheel"), () => t("Zoom")],
  [() => t("Drag"), () => t("Move the view; see the settings")],
  [() => `Ctrl+${t("Drag")}`, () => t("Select with a box")],
  [() => `Shift+${t("Click")}`, () => t("Add to the selection")],
  [() => `Alt+${t("Drag")}`, () => t("Copy nodes")],
  [() => t("Double click"), () => t("Add node")],
  [() => t("Arrow keys"), () => t("Go along the links")],
  [() => "Enter", () => t("Into the node")],
  [() => "Ctrl+C · Ctrl+X · Ctrl+V", () => t("Copy, cut, paste")],
];

export function Shortcuts() {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  useEffect(() => editor.asked.on((what) => what === "shortcuts" && setOpen(true)), [editor]);
  return open ? <ShortcutsDialog onClose={() => setOpen(false)} /> : null;
}

function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const { api } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  useStore(registry);
  const list = allActions();
  const words = list.map((action) => `${action.label()} ${keysOf(action).join(" ")}`);
  const shown = query.trim() ? fuzzySearch(words, query).flatMap((i) => list[i] ?? []) : list;
  return (
    <dialog ref={dialog} className="dialog shortcuts" aria-label={t("Keyboard shortcuts")} onClose={onClose}>
      <div className="dialog-head">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search shortcuts")}
          placeholder={t("Search shortcuts")}
          value={query}
          onChange={(e) => setQuery(e.target.value)}
        />
        <Button onClick={() => void resetKeys(api).catch(report)}>{t("Reset all")}</Button>
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
      <ul className="shortcuts-list">
        {shown.map((action) => (
          <Row key={action.id} action={action} />
        ))}
        {!query &&
          FIXED.map(([key, label]) => (
            <li key={key()} className="shortcut">
              <span>{label()}</span>
              <kbd>{key()}</kbd>
            </li>
          ))}
      </ul>
      {!shown.length && <p className="panel-quiet">{t("No action of this name.")}</p>}
    </dialog>
  );
}

const LONE = new Set(["Control", "Shift", "Alt", "Meta", "Tab", "Escape"]);

function Row({ action }: { readonly action: Action }) {
  const { api } = useEditor();
  const [asking, setAsking] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null);
  const keys = keysOf(action);
  const changed = registry.getState().keys[action.id] !== undefined;
  const dead = keys.find((key) => keyTakenBy(action, key));
  const disputed = wanted ?? dead;
  const holder = wanted ? holderOf(wanted, action) : dead && keyTakenBy(action, dead);

  const stop = () => {
    setAsking(false);
    setWanted(null);
  };
  const take = (key: string) => {
    stop();
    bindKey(api, action, key).catch(report);
  };
  const press = (e: KeyboardEvent) => {
    if (!asking || e.key === "Tab") return;
    e.preventDefault();
    e.stopPropagation();
    if (e.key === "Escape") stop();
    if (LONE.has(e.key)) return;
    const key = keyName(e);
    if (holderOf(key, action)) setWanted(key);
    else take(key);
  };
  return (
    <li className="shortcut">
      <span>
        {action.label()}
        {action.pack && <small> {action.pack}</small>}
      </span>
      {disputed && holder && (
        <span className="shortcut-conflict" role={wanted ? "alert" : undefined}>
          {t("{key} is “{action}”", { key: disputed, action: holder.label() })}
          <Button kind="plain" onClick={() => take(disputed)}>
            {t("Use it here")}
          </Button>
        </span>
      )}
      <button
        type="button"
        className="shortcut-key"
        data-asking={asking || undefined}
        aria-label={t("Key of {action}: {keys}", {
          action: action.label(),
          keys: keys.join(" ") || t("none"),
        })}
        onClick={() => setAsking(!asking)}
        onBlur={() => !wanted && stop()}
        onKeyDown={press}
      >
        {asking
          ? t("Press a key")
          : keys.length
            ? keys.map((key) => <kbd key={key} data-dead={keyTakenBy(action, key) && true}>{`${key} `}</kbd>)
            : t("None")}
      </button>
      {changed ? (
        <Button
          label={t("Reset {action}", { action: action.label() })}
          icon={<RotateCcw size={14} aria-hidden />}
          onClick={() => void resetKeys(api, action).catch(report)}
        />
      ) : (
        <Button
          label={t("No key for {action}", { action: action.label() })}
          icon={<X size={14} aria-hidden />}
          disabled={!keys.length}
          onClick={() => void unbind(api, action).catch(report)}
        />
      )}
    </li>
  );
}

function report(error: Error): void {
  showToast({
    kind: "error",
    topic: "keys",
    title: t("The server did not keep the keys"),
    body: error.message,
  });
}
