/** The workflows that are kept on the server, by folder. */
import { MoreHorizontal, RotateCw, Save, Workflow } from "lucide-react";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { actionOf } from "../../actions";
import { FOLDER, lastPart, nameOf, openEarlier, openFrom, pathOf, remove, rename } from "../../actions/save";
import type { FileRef, UserFile } from "../../api/types";
import { formatTime } from "../../lib/format";
import { t } from "../../lib/t";
import { TitleInput } from "../../nodes/TitleInput";
import { Button } from "../../ui/Button";
import { Menu, type MenuItem } from "../../ui/Menu";
import { type Anchor, anchorOf } from "../../ui/Popover";
import { SmallPicture } from "../../ui/SmallPicture";
import { showToast } from "../../ui/toasts";
import { useLatest } from "../../ui/useLatest";
import { useEditor } from "../context";
import { usePictures } from "../usePictures";
import { RecoverLists } from "./RecoverLists";
import { foldersOf } from "./tree";

type Content =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly files: readonly UserFile[] };

export function LibraryPanel() {
  const editor = useEditor();
  const { api, filesChanged } = editor;
  const [content, setContent] = useState<Content>({ state: "loading" });
  const [query, setQuery] = useState("");
  const pictures = usePictures();
  const latest = useLatest();

  const load = useCallback(() => {
    void latest(
      api.listFiles(FOLDER),
      (files) => setContent({ state: "ready", files }),
      (error) => setContent({ state: "failed", message: error.message }),
    );
  }, [api, latest]);
  useEffect(load, [load]);
  useEffect(() => filesChanged.on(load), [filesChanged, load]);
  useEffect(() => {
    // Another window may have saved meanwhile.
    window.addEventListener("focus", load);
    return () => window.removeEventListener("focus", load);
  }, [load]);

  if (content.state === "loading") return <p className="panel-note">{t("Loading…")}</p>;
  if (content.state === "failed") {
    return (
      <div className="panel-note">
        <p>{content.message}</p>
        <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={load}>
          {t("Try again")}
        </Button>
      </div>
    );
  }
  const folders = foldersOf(content.files, query);
  return (
    <>
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search workflows")}
          placeholder={t("Search workflows")}
          value={query}
          spellCheck={false}
          onChange={(e) => setQuery(e.target.value)}
        />
        <Button
          label={t("Save as…")}
          icon={<Save size={16} aria-hidden />}
          onClick={() => actionOf("saveAs").run(editor)}
        />
      </div>
      {folders.length === 0 && (
        <p className="panel-note">
          {query
            ? t("No workflow of this name.")
            : t("No workflows yet. Ctrl+S keeps the one that is open here.")}
        </p>
      )}
      {folders.map(({ name, files }) => {
        const rows = (
          <ul className="panel-list">
            {files.map((file) => (
              <Row key={file.path} path={`${FOLDER}/${file.path}`} picture={pictures.get(file.path)} />
            ))}
          </ul>
        );
        if (!name) return <div key="">{rows}</div>;
        return (
          <details key={name} className="library-folder" open>
            <summary>{name}</summary>
            {rows}
          </details>
        );
      })}
      {!query && <RecoverLists />}
    </>
  );
}

interface RowProps {
  readonly path: string;
  /** What it made last. */
  readonly picture: FileRef | undefined;
}

function Row({ path, picture }: RowProps) {
  const editor = useEditor();
  const isOpen = useSyncExternalStore(editor.tabs.changed.on, () => editor.tabs.current.path === path);
  const [renaming, setRenaming] = useState(false);
  const [menu, setMenu] = useState<{ anchor: Anchor; label: string; items: MenuItem[] } | null>(null);
  const more = useRef<HTMLSpanElement>(null);
  const close = useCallback(() => setMenu(null), []);

  const show = (label: string, items: MenuItem[]) =>
    more.current && setMenu({ anchor: anchorOf(more.current), label, items });
  const confirmDelete = () =>
    show(t("Delete {name}?", { name: lastPart(path) }), [
      { label: t("Keep it"), run: () => {} },
      { label: t("Delete {name}", { name: lastPart(path) }), run: () => void remove(editor, path) },
    ]);
  const showEarlier = async () => {
    try {
      const versions = await editor.api.earlier.versions(path.slice(FOLDER.length + 1));
      show(
        t("Earlier versions"),
        versions.length
          ? versions.map((one) => ({
              label: formatTime(one.saved, true),
              run: () => void openEarlier(editor, one),
            }))
          : [{ label: t("It was saved only once"), disabled: true, run: () => {} }],
      );
    } catch (error) {
      showToast({ kind: "error", topic: "save", title: (error as Error).message });
    }
  };
  const showMenu = () =>
    show(t("Workflow"), [
      { label: t("Open"), run: () => void openFrom(editor, path) },
      { label: t("Rename or move"), run: () => setRenaming(true) },
      { label: t("Earlier versions…"), run: () => void showEarlier() },
      { label: t("Delete…"), separated: true, run: confirmDelete },
    ]);
  const renamed = (wanted: string | null) => {
    setRenaming(false);
    const name = wanted ?? nameOf(path);
    const to = pathOf(name);
    if (to) void rename(editor, path, to);
    else
      showToast({
        kind: "error",
        topic: "save",
        title: t("“{name}” cannot be the name of a workflow", { name }),
      });
  };

  if (renaming) {
    return (
      <li className="panel-row">
        <TitleInput
          label={t("Name of the workflow, with its folders")}
          title={nameOf(path)}
          onDone={renamed}
        />
      </li>
    );
  }
  return (
    <li
      className="panel-row library-row"
      onContextMenu={(e) => {
        e.preventDefault();
        showMenu();
      }}
    >
      <button
        type="button"
        className="library-name"
        aria-current={isOpen || undefined}
        title={nameOf(path)}
        onClick={() => void openFrom(editor, path)}
      >
        <span className="library-picture" aria-hidden>
          {picture ? (
            <SmallPicture src={editor.api.viewUrl(picture)} />
          ) : (
            <Workflow size={16} strokeWidth={1.5} />
          )}
        </span>
        <span>{lastPart(path)}</span>
      </button>
      <span ref={more}>
        <Button
          label={t("More about {name}", { name: lastPart(path) })}
          icon={<MoreHorizontal size={16} aria-hidden />}
          aria-haspopup="menu"
          onClick={showMenu}
        />
      </span>
      {menu && (
        <Menu key={menu.label} anchor={menu.anchor} label={menu.label} items={menu.items} onClose={close} />
      )}
    </li>
  );
}
