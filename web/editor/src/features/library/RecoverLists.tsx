/** What is open no more and deleted workflows, each one click from being there again. */
import { useEffect, useState } from "react";
import { FOLDER, nameOf, putBack } from "../../actions/save";
import { reopen } from "../../actions/tabs";
import type { EarlierVersion } from "../../api/earlier";
import { formatTime } from "../../lib/format";
import { t } from "../../lib/t";
import type { ClosedDraft } from "../../tabs/drafts";
import { useEditor } from "../context";

export function RecoverLists() {
  const editor = useEditor();
  const { api, drafts, filesChanged } = editor;
  const [closed, setClosed] = useState<readonly ClosedDraft[]>([]);
  const [deleted, setDeleted] = useState<readonly EarlierVersion[]>([]);

  useEffect(() => {
    let current = true;
    const loadClosed = () => void drafts?.closed().then((list) => current && setClosed(list));
    const loadDeleted = () =>
      api.earlier.deleted().then(
        (list) => current && setDeleted(list),
        () => {}, // the list above says already that the server does not answer
      );
    loadClosed();
    void loadDeleted();
    const offs = [drafts?.changed.on(loadClosed), filesChanged.on(() => void loadDeleted())];
    return () => {
      current = false;
      for (const off of offs) off?.();
    };
  }, [api, drafts, filesChanged]);

  return (
    <>
      <List
        title={t("Recently closed")}
        entries={closed.map((draft) => ({
          key: draft.key,
          name: draft.name,
          time: draft.saved,
          title: t("Open {name} as it was", { name: draft.path ? nameOf(draft.path) : draft.name }),
          run: () => void reopen(editor, draft),
        }))}
      />
      <List
        title={t("Deleted")}
        entries={deleted.map((version) => ({
          key: version.path,
          name: nameOf(`${FOLDER}/${version.path}`),
          time: version.saved,
          title: t("Put {name} back", { name: nameOf(`${FOLDER}/${version.path}`) }),
          run: () => void putBack(editor, version),
        }))}
      />
    </>
  );
}

interface Entry {
  readonly key: string;
  readonly name: string;
  readonly time: number;
  readonly title: string;
  readonly run: () => void;
}

function List({ title, entries }: { readonly title: string; readonly entries: readonly Entry[] }) {
  if (!entries.length) return null;
  return (
    <details className="library-folder">
      <summary>
        {title} <span className="panel-quiet">{entries.length}</span>
      </summary>
      <ul className="panel-list">
        {entries.map(({ key, name, time, title, run }) => (
          <li key={key} className="panel-row library-row">
            <button type="button" className="library-name" title={title} onClick={run}>
              {name}
            </button>
            <span className="panel-quiet library-time">{formatTime(time)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
