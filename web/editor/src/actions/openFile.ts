/** Files and texts from outside that carry a workflow, each opened in a tab of its own. */
import { isWorkflow, readEmbedded } from "../graph/formats/embedded";
import { isApiPrompt } from "../graph/formats/readPrompt";
import type { Point } from "../lib/geometry";
import { type Json, parseJson } from "../lib/json";
import { t } from "../lib/t";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";
import { loadAt, pasteFile } from "./uploads";

/** What the web UI's text under a picture always has. */
const INFOTEXT = /(^|\n|, )Steps: \d+, /;

/** `at`: where in the world it was dropped; what carries no workflow is loaded by a node there. */
export async function openFile(editor: Editor, file: File, at?: Point): Promise<void> {
  const name = file.name.replace(/\.\w+$/, "");
  try {
    const { graph, infotext } = await readEmbedded(await file.arrayBuffer());
    if (graph !== null) editor.tabs.open(graph, { name });
    else if (infotext !== null) await importInfotext(editor, infotext, name);
    else if (isPicture(file)) await importPicture(editor, file, name, at);
    else if (file.name.endsWith(".json")) editor.tabs.open(parseJson(await file.text()), { name });
    else takeAsItIs(editor, file, at);
  } catch (error) {
    showToast({
      kind: "error",
      title: t("{name} cannot be opened", { name: file.name }),
      body: (error as Error).message,
    });
  }
}

/** A workflow or a prompt as text, or what the web UI writes under a picture; false for any other text. */
export function openText(editor: Editor, text: string): boolean {
  if (INFOTEXT.test(text)) {
    importInfotext(editor, text, t("Imported")).catch((error: Error) =>
      showToast({ kind: "error", title: t("The text cannot be opened"), body: error.message }),
    );
    return true;
  }
  const graph = graphIn(text);
  if (graph === null) return false;
  editor.tabs.open(graph, { name: t("Imported") });
  return true;
}

function graphIn(text: string): Json | null {
  if (!/^\s*\{/.test(text)) return null;
  try {
    const value = parseJson(text);
    return isWorkflow(value) || isApiPrompt(value) ? value : null;
  } catch {
    return null;
  }
}

async function importInfotext(editor: Editor, source: string | File, name: string): Promise<void> {
  const { workflow, warnings } = await editor.api.infotext(source);
  editor.tabs.open(workflow, { name });
  const items = warnings.map((detail) => ({ title: t("Not quite as it was"), detail }));
  if (items.length)
    showToast({ kind: "info", topic: "import", title: t("Imported {name}", { name }), items });
}

/** The text may be in Exif data, which the server reads. What has none may still be a picture to work with. */
async function importPicture(editor: Editor, file: File, name: string, at?: Point): Promise<void> {
  try {
    await importInfotext(editor, file, name);
  } catch {
    takeAsItIs(editor, file, at);
  }
}

/** Nothing is inside: who dropped it may want to work with it, who chose it as a workflow should know. */
function takeAsItIs(editor: Editor, file: File, at?: Point): void {
  const title = t("{name} carries no workflow", { name: file.name });
  if (at && loadAt(editor, file, at)) {
    showToast({ kind: "info", topic: "import", title, body: t("It was put into a node that loads it.") });
    return;
  }
  showToast({
    kind: "error",
    topic: "import",
    title,
    body: t("Files saved by Easel, ComfyUI or AUTOMATIC1111's web UI carry one, unless it was taken out."),
    action: /^(image|audio|video)\//.test(file.type)
      ? { label: t("Load it in a node"), run: () => void pasteFile(editor, file) }
      : undefined,
  });
}

function isPicture(file: File): boolean {
  return file.type.startsWith("image/") && file.type !== "image/svg+xml";
}
