/** What can be done with a result. */
import type { Editor } from "../../actions/editor";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { copyPicture } from "../../nodes/PreviewBar";
import type { MenuItem } from "../../ui/Menu";
import { showToast } from "../../ui/toasts";
import type { Result } from "./useResults";

interface Ways {
  readonly open: () => void;
  readonly choose: () => void;
  readonly changed: () => Promise<void>;
}

export function menuOf(editor: Editor, { job, file }: Result, { open, choose, changed }: Ways): MenuItem[] {
  const { api, runner } = editor;
  const isPicture = mediumOf(file) === "image";
  return [
    { label: t("Look at it"), run: open },
    { label: t("Open its workflow"), run: () => void openWorkflow(editor, job.id, file.filename) },
    { label: t("Run it again"), run: () => void runner.retry(job.id) },
    {
      label: t("Copy picture"),
      separated: true,
      disabled: !isPicture,
      run: () => void copyPicture(api.viewUrl(file)),
    },
    { label: t("Choose to compare"), hint: `Ctrl+${t("Click")}`, disabled: !isPicture, run: choose },
    {
      label: t("Remove from the list"),
      separated: true,
      run: () => void api.jobs.forget([job.id]).then(changed, changed),
    },
  ];
}

async function openWorkflow({ api, tabs }: Editor, id: string, filename: string): Promise<void> {
  try {
    const { workflow, prompt } = await api.jobs.details(id);
    tabs.open(workflow ?? prompt, { name: filename.replace(/\.\w+$/, "") });
  } catch (error) {
    showToast({
      kind: "error",
      title: t("{name} cannot be opened", { name: filename }),
      body: (error as Error).message,
    });
  }
}
