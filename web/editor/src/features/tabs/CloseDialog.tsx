import { useEffect, useRef, useState } from "react";
import { saveAgain } from "../../actions/save";
import { closeTabs } from "../../actions/tabs";
import { t } from "../../lib/t";
import type { Tab } from "../../tabs/Tab";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

/** What is not saved is not closed by accident: one workflow after the other is shown and asked about. */
export function CloseDialog() {
  const editor = useEditor();
  const [asked, setAsked] = useState<readonly Tab[]>([]);
  useEffect(() => editor.closeAsked.on(setAsked), [editor]);
  const [tab, ...others] = asked;
  if (!tab) return null;
  return <Asking key={tab.id} tab={tab} others={others} onDone={() => setAsked([])} />;
}

interface Props {
  readonly tab: Tab;
  /** Those that come after it. */
  readonly others: readonly Tab[];
  readonly onDone: () => void;
}

function Asking({ tab, others, onDone }: Props) {
  const editor = useEditor();
  const { tabs } = editor;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    tabs.show(tab);
    dialog.current?.showModal();
  }, [tabs, tab]);
  const close = () => {
    tabs.close(tab);
    closeTabs(editor, others);
  };
  const save = async () => {
    onDone();
    if (!tab.path) editor.nameAsked.emit({ tab, done: close });
    else if ((await saveAgain(editor, tab, tab.path)) === "saved") close();
  };
  const discard = (list: readonly Tab[]) => {
    onDone();
    for (const one of list) tabs.close(one);
    closeTabs(
      editor,
      others.filter((one) => !list.includes(one)),
    );
  };
  return (
    <dialog ref={dialog} className="dialog" aria-label={t("Close workflow")} onClose={onDone}>
      <p className="dialog-question">{t("{name} has changes that are not saved.", { name: tab.name })}</p>
      <p className="dialog-problem">
        {editor.drafts ? t("Closed without saving, it can be had back with “Reopen closed tab”.") : ""}
      </p>
      <div className="dialog-actions">
        <Button onClick={onDone}>{t("Cancel")}</Button>
        {others.length > 0 && (
          <Button kind="plain" onClick={() => discard([tab, ...others])}>
            {t("Close all {count} without saving", { count: others.length + 1 })}
          </Button>
        )}
        <Button kind="plain" onClick={() => discard([tab])}>
          {t("Close without saving")}
        </Button>
        <Button kind="primary" onClick={() => void save()}>
          {tab.path ? t("Save and close") : t("Save…")}
        </Button>
      </div>
    </dialog>
  );
}
