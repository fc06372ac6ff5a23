/** Keeping workflows on the server, each under its path in the person's folder of workflows. */
import { RequestFailed } from "../api/http";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { parseJson, stringifyJson } from "../lib/json";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";

export const FOLDER = "workflows";
const TOPIC = "save";
const CONFLICT = 409;

/** `portraits/study` → `workflows/portraits/study.json`. Null for a name that is none. */
export function pathOf(name: string): string | null {
  const parts = name.split("/").map((part) => part.trim());
  if (parts.some((part) => !part || part === "." || part === ".." || /[\\:*?"<>|]/.test(part))) return null;
  return `${FOLDER}/${parts.join("/")}.json`;
}

/** The name with its folders, as `pathOf` takes it. */
export function nameOf(path: string): string {
  return path.slice(FOLDER.length + 1).replace(/\.json$/, "");
}

export type Saved = "saved" | "exists" | "failed";

export async function saveTo(editor: Editor, path: string, overwrite: boolean): Promise<Saved> {
  const { api, doc } = editor;
  const revision = editor.revision;
  try {
    await api.writeFile(path, stringifyJson(writeWorkflow(doc), 2), overwrite);
  } catch (error) {
    if (error instanceof RequestFailed && error.status === CONFLICT) return "exists";
    report("The workflow could not be saved", error);
    return "failed";
  }
  editor.markSaved(path, revision);
  editor.filesChanged.emit();
  showToast({ kind: "info", topic: TOPIC, title: `Saved ${nameOf(path)}` });
  return "saved";
}

export async function openFrom(editor: Editor, path: string): Promise<void> {
  try {
    editor.open(parseJson(await editor.api.readFile(path)), lastPart(path), path);
  } catch (error) {
    report(`${nameOf(path)} cannot be opened`, error);
  }
}

export async function rename(editor: Editor, path: string, to: string): Promise<void> {
  if (to === path) return;
  try {
    await editor.api.moveFile(path, to);
    if (editor.path === path) editor.movedTo(to);
    editor.filesChanged.emit();
  } catch (error) {
    report(`${nameOf(path)} could not be renamed`, error);
  }
}

/** What is open stays open, as something that is not saved. */
export async function remove(editor: Editor, path: string): Promise<void> {
  try {
    await editor.api.deleteFile(path);
    if (editor.path === path) editor.movedTo(null);
    editor.filesChanged.emit();
  } catch (error) {
    report(`${nameOf(path)} could not be deleted`, error);
  }
}

export function lastPart(path: string): string {
  return nameOf(path).split("/").at(-1) ?? "";
}

function report(title: string, error: unknown): void {
  showToast({ kind: "error", topic: TOPIC, title, body: (error as Error).message });
}
