/** What the server keeps of one run: asked for when it is wanted. */
import type { Editor } from "../../actions/editor";
import type { JobDetails } from "../../api/jobs";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";

export async function withDetails(
  { api }: Editor,
  id: string,
  use: (details: JobDetails) => void,
): Promise<void> {
  try {
    use(await api.jobs.details(id));
  } catch (error) {
    const body = (error as Error).message;
    showToast({ kind: "error", topic: "history", title: t("The run cannot be read"), body });
  }
}

export function openWorkflowOf(editor: Editor, id: string): void {
  const name = editor.runner.nameOf(id) ?? t("From the history");
  void withDetails(editor, id, ({ workflow, prompt }) => editor.tabs.open(workflow ?? prompt, { name }));
}
