/** Opening and saving workflows, on the server and as files on the person's own disk. */
import { toApiPrompt } from "../graph/formats/apiPrompt";
import { readPngText } from "../graph/formats/png";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { type Json, parseJson, stringifyJson } from "../lib/json";
import { showToast } from "../ui/toasts";
import type { Action } from "./action";
import type { Editor } from "./editor";
import { saveTo } from "./save";

export const fileActions: readonly Action[] = [
  { id: "open", label: "Open file…", keys: ["Ctrl+O"], everywhere: true, run: chooseFile },
  {
    id: "save",
    label: "Save",
    keys: ["Ctrl+S"],
    everywhere: true,
    run: save,
  },
  {
    id: "saveAs",
    label: "Save as…",
    keys: ["Ctrl+Shift+S"],
    everywhere: true,
    run: ({ nameAsked, tabs }) => nameAsked.emit(tabs.current),
  },
  { id: "download", label: "Download", keys: ["Ctrl+Alt+S"], everywhere: true, run: downloadWorkflow },
  { id: "exportPrompt", label: "Export for the API", run: exportPrompt },
];

function save(editor: Editor): void {
  const tab = editor.tabs.current;
  if (tab.path) void saveTo(editor, tab, tab.path, true);
  else editor.nameAsked.emit(tab);
}

function chooseFile(editor: Editor): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,.png,application/json,image/png";
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) void openFile(editor, file);
  };
  input.click();
}

/** Opens the workflow in a JSON file, or the one that a picture carries. */
export async function openFile(editor: Editor, file: File): Promise<void> {
  const name = file.name.replace(/\.\w+$/, "");
  try {
    const found = await readGraph(file);
    if (found === null) {
      showToast({
        kind: "error",
        title: `${file.name} carries no workflow`,
        body: "Choose a picture or JSON file saved by Easel or ComfyUI.",
      });
      return;
    }
    editor.tabs.open(found, { name });
  } catch (error) {
    showToast({ kind: "error", title: `${file.name} cannot be opened`, body: (error as Error).message });
  }
}

async function readGraph(file: File): Promise<Json | null> {
  const bytes = await file.arrayBuffer();
  const texts = await readPngText(bytes);
  const embedded = texts.get("workflow") ?? texts.get("prompt");
  if (embedded !== undefined) return parseJson(embedded);
  return texts.size || file.type.startsWith("image/") ? null : parseJson(new TextDecoder().decode(bytes));
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
