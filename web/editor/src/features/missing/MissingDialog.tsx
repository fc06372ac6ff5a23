import { X } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { t } from "../../lib/t";
import type { Tab } from "../../tabs/Tab";
import type { Tabs } from "../../tabs/Tabs";
import { Button } from "../../ui/Button";
import { changeToast, closeToast, isShown, showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { findMissing, type Missing, type MissingClass, type MissingModel, takeInstead } from "./find";

const TOPIC = "missing";

/** Says, when a workflow is opened, what it needs that is not here; and what can be done about it, for who wants to know. */
export function MissingDialog() {
  const { tabs } = useEditor();
  const [tab, setTab] = useState<Tab | null>(null);
  useEffect(() => tabs.opened.on((opened) => tell(opened, tabs, () => setTab(opened))), [tabs]);
  return tab && <Details tab={tab} onClose={() => setTab(null)} />;
}

/** Until all of it is here, or the workflow is closed. */
function tell(tab: Tab, tabs: Tabs, explain: () => void): void {
  const title = (count: number) =>
    t("{name} needs {count} {count|thing that is|things that are} not here", { name: tab.name, count });
  const needed = countOf(findMissing(tab.doc));
  if (!needed) return;
  const toast = showToast({
    kind: "error",
    topic: TOPIC,
    title: title(needed),
    body: t("It is open as it is, and nothing of it is lost."),
    action: { label: t("What to do"), run: explain },
  });
  const look = () => {
    const left = isShown(toast) && tabs.list.includes(tab) ? countOf(findMissing(tab.doc)) : 0;
    if (left) return changeToast(toast, { title: title(left) });
    closeToast(toast);
    for (const off of offs) off();
  };
  const offs = [tab.doc.touched.on(look), tabs.closed.on(look)];
}

function countOf({ classes, models }: Missing): number {
  return classes.length + models.length;
}

function Details({ tab, onClose }: { readonly tab: Tab; readonly onClose: () => void }) {
  const { reveal } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const last = useRef<{ revision: number; missing: Missing } | null>(null);
  const missing = useSyncExternalStore(tab.doc.store.historyChanged.on, () => {
    if (last.current?.revision !== tab.revision)
      last.current = { revision: tab.revision, missing: findMissing(tab.doc) };
    return last.current.missing;
  });
  const isDone = !countOf(missing);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    if (isDone) onClose();
  }, [isDone, onClose]);
  const show = (id: string) => () => {
    onClose();
    reveal(id, tab);
  };
  return (
    <dialog
      ref={dialog}
      className="dialog missing-dialog"
      aria-label={t("What is missing")}
      onClose={onClose}
    >
      <div className="dialog-head">
        <h1>{t("What is missing")}</h1>
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
      {missing.classes.length > 0 && <h2>{t("Nodes")}</h2>}
      <ul className="missing-list">
        {missing.classes.map((one) => (
          <ClassRow key={one.type} missing={one} onShow={show(one.nodes[0] ?? "")} />
        ))}
      </ul>
      {missing.models.length > 0 && <h2>{t("Models")}</h2>}
      <ul className="missing-list">
        {missing.models.map((one) => (
          <ModelRow
            key={`${one.node} ${one.input}`}
            missing={one}
            onTake={() => takeInstead(tab.doc, one)}
            onShow={show(one.node)}
          />
        ))}
      </ul>
    </dialog>
  );
}

function ClassRow({ missing, onShow }: { readonly missing: MissingClass; readonly onShow: () => void }) {
  const { type, pack, nodes } = missing;
  return (
    <li>
      <div>
        <p>
          {type}
          {nodes.length > 1 && <span className="panel-quiet"> × {nodes.length}</span>}
        </p>
        <p className="panel-quiet">
          {pack
            ? t("Comes with the pack {pack}. Put it into custom_nodes/ and start the server again.", { pack })
            : t("Comes with a pack that is not installed. Packs go into custom_nodes/.")}
        </p>
      </div>
      <Button kind="plain" onClick={onShow}>
        {t("Show")}
      </Button>
    </li>
  );
}

interface ModelProps {
  readonly missing: MissingModel;
  readonly onTake: () => void;
  readonly onShow: () => void;
}

function ModelRow({ missing: { file, folder, url, instead }, onTake, onShow }: ModelProps) {
  return (
    <li>
      <div>
        <p>{file}</p>
        <p className="panel-quiet">
          {folder
            ? t("Put it into models/{folder}/, or choose another.", { folder })
            : t("Put it into its folder, or choose another.")}{" "}
          {url && (
            <a href={url} target="_blank" rel="noreferrer">
              {t("Where it can be had")}
            </a>
          )}
        </p>
      </div>
      {instead !== null && (
        <Button kind="primary" title={instead} onClick={onTake}>
          {t("Use {file}", { file: instead })}
        </Button>
      )}
      <Button kind="plain" onClick={onShow}>
        {t("Show")}
      </Button>
    </li>
  );
}
