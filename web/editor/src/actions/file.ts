/** Opening and saving workflows, on the server and as files on the person's own disk. */
import { toApiPrompt } from "../graph/formats/apiPrompt";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { stringifyJson } from "../lib/json";
import { t } from "../lib/t";
import type { Action } from "./action";
import type { Editor } from "./editor";
import { openFile } from "./openFile";
import { saveAgain } from "./save";

export const fileActions: readonly Action[] = [
  { id: "open", label: () => t("Open file…"), keys: ["Ctrl+O"], everywhere: true, run: chooseFile },
  {
    id: "save",
    label: () => t("Save"),
    keys: ["Ctrl+S"],
    everywhere: true,
    run: save,
  },
  {
    id: "saveAs",
    label: () => t("Save as…"),
    keys: ["Ctrl+Shift+S"],
    everywhere: true,
    run: ({ nameAsked, tabs }) => nameAsked.emit({ tab: tabs.current }),
  },
  {
    id: "download",
    label: () => t("Download"),
    keys: ["Ctrl+Alt+S"],
    everywhere: true,
    run: downloadWorkflow,
  },
  { id: "exportPrompt", label: () => t("Export for the API"), run: exportPrompt },
];

function save(editor: Editor): void {
  const tab = editor.tabs.current;
  if (tab.path) void saveAgain(editor, tab, tab.path);
  else editor.nameAsked.emit({ tab });
}

function chooseFile(editor: Editor): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".json,.latent,.safetensors,image/*,audio/*,video/*";
  input.onchange = () => {
    for (const file of input.files ?? []) void openFile(editor, file);
  };
  input.click();
}

function downloadWorkflow({ tabs: { current } }: Editor): void {
  download(`${current.name}.json`, stringifyJson(writeWorkflow(current.doc), 2));
}

function exportPrompt({ tabs: { current } }: Editor): void {
  download(`${current.name} (API).json`, stringifyJson(toApiPrompt(current.doc), 2));
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
