/** Opening, closing and walking the tabs. A browser keeps Ctrl with T, W and Tab for itself, so these are on Alt. */
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { t } from "../lib/t";
import type { ClosedDraft } from "../tabs/drafts";
import { openDraft } from "../tabs/keepDrafts";
import type { Tab } from "../tabs/Tab";
import type { Tabs } from "../tabs/Tabs";
import { showToast } from "../ui/toasts";
import type { Action } from "./action";
import type { Editor } from "./editor";

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

export const tabActions: readonly Action[] = [
  {
    id: "new",
    label: () => t("New workflow"),
    keys: ["Alt+N"],
    everywhere: true,
    run: ({ tabs }) => void tabs.openEmpty(),
  },
  {
    id: "closeTab",
    label: () => t("Close tab"),
    keys: ["Alt+W"],
    everywhere: true,
    run: (editor) => closeTabs(editor, [editor.tabs.current]),
  },
  {
    id: "reopenTab",
    label: () => t("Reopen closed tab"),
    keys: ["Alt+Shift+W"],
    everywhere: true,
    enabled: ({ drafts }) => drafts !== null,
    run: (editor) => void reopenLast(editor),
  },
  {
    id: "duplicateTab",
    label: () => t("Duplicate tab"),
    run: ({ tabs }) => duplicate(tabs, tabs.current),
  },
  {
    id: "nextTab",
    label: () => t("Next tab"),
    keys: ["Alt+PageDown"],
    everywhere: true,
    run: ({ tabs }) => tabs.step(1),
  },
  {
    id: "previousTab",
    label: () => t("Previous tab"),
    keys: ["Alt+PageUp"],
    everywhere: true,
    run: ({ tabs }) => tabs.step(-1),
  },
  ...DIGITS.map(
    (digit): Action => ({
      id: `tab${digit}`,
      label: () => t("Go to tab {digit}", { digit }),
      keys: [`Alt+${digit}`],
      everywhere: true,
      enabled: ({ tabs }) => digit <= tabs.list.length,
      run: ({ tabs }) => {
        const tab = tabs.list[digit - 1];
        if (tab) tabs.show(tab);
      },
    }),
  ),
];

/** Asks before something that is not saved is closed. */
export function closeTabs({ tabs, closeAsked }: Editor, list: readonly Tab[]): void {
  for (const tab of list) if (!tab.dirty) tabs.close(tab);
  const unsaved = list.filter((tab) => tab.dirty);
  if (unsaved.length) closeAsked.emit(unsaved);
}

export function duplicate(tabs: Tabs, tab: Tab): void {
  tabs.open(writeWorkflow(tab.doc), { name: tab.name, dirty: true });
}

async function reopenLast(editor: Editor): Promise<void> {
  const [last] = (await editor.drafts?.closed()) ?? [];
  if (last) await reopen(editor, last);
  else showToast({ kind: "info", topic: "tabs", title: t("No tab was closed") });
}

/** As it was when it was closed. Its file may be open again meanwhile: then it is kept nowhere. */
export async function reopen({ tabs, drafts }: Editor, draft: ClosedDraft): Promise<void> {
  try {
    const taken = draft.path !== null && tabs.withPath(draft.path) !== undefined;
    openDraft(tabs, taken ? { ...draft, path: null, dirty: true } : draft);
    await drafts?.reopened(draft);
  } catch (error) {
    showToast({
      kind: "error",
      title: t("{name} cannot be opened", { name: draft.name }),
      body: (error as Error).message,
    });
  }
}
