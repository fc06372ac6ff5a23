/** Keeping workflows on the server, each under its path in the person's folder of workflows. */

import type { EarlierVersion } from "../api/earlier";
import { RequestFailed } from "../api/http";
import { writeWorkflow } from "../graph/formats/writeWorkflow";
import { parseJson, stringifyJson } from "../lib/json";
import { t } from "../lib/t";
import type { Tab } from "../tabs/Tab";
import { closeTopic, showToast } from "../ui/toasts";
import type { Editor } from "./editor";

export const FOLDER = "workflows";
const TOPIC = "save";
const EXISTS = 409;
const CHANGED = 412;

/** `portraits/study` → `workflows/portraits/study.json`. Null for a name that is none, or that would be hidden. */
export function pathOf(name: string): string | null {
  const parts = name
    .replace(/\.json\s*$/i, "")
    .split("/")
    .map((part) => part.trim());
  if (parts.some((part) => !part || part.startsWith(".") || /[\\:*?"<>|]/.test(part))) return null;
  return `${FOLDER}/${parts.join("/")}.json`;
}

/** The name with its folders, as `pathOf` takes it. */
export function nameOf(path: string): string {
  return path.slice(FOLDER.length + 1).replace(/\.json$/, "");
}

export type Saved = "saved" | "exists" | "changed" | "failed";

/** `known` is the state of the file that may be written over; any, when it is null. */
export async function saveTo(
  editor: Editor,
  tab: Tab,
  path: string,
  overwrite: boolean,
  known: string | null = null,
): Promise<Saved> {
  const { revision } = tab;
  // A copy has runs of its own.
  if (tab.path !== null && tab.path !== path) tab.becomeAnother();
  let version: string | null;
  try {
    const text = stringifyJson(writeWorkflow(tab.doc), 2);
    version = await editor.api.writeFile(path, text, overwrite, known);
  } catch (error) {
    if (error instanceof RequestFailed && error.status === EXISTS) return "exists";
    if (error instanceof RequestFailed && error.status === CHANGED) return "changed";
    report(t("The workflow could not be saved"), error);
    return "failed";
  }
  tab.markSaved(path, lastPart(path), revision, version);
  editor.filesChanged.emit();
  showToast({ kind: "info", topic: TOPIC, title: t("Saved {name}", { name: nameOf(path) }) });
  return "saved";
}

/** To the file that it came from. When somebody else has changed that file, the person is asked what to do. */
export async function saveAgain(editor: Editor, tab: Tab, path: string): Promise<Saved> {
  const saved = await saveTo(editor, tab, path, true, tab.version);
  if (saved === "changed") editor.changeAsked.emit({ tab, path });
  return saved;
}

/** Shows the tab that has it open already, or opens it in a new one. */
export async function openFrom(editor: Editor, path: string): Promise<void> {
  const { tabs, api } = editor;
  const open = tabs.withPath(path);
  if (open) {
    tabs.show(open);
    return;
  }
  try {
    const { text, version } = await api.readFile(path);
    tabs.open(parseJson(text), { name: lastPart(path), path, version });
  } catch (error) {
    report(t("{name} cannot be opened", { name: nameOf(path) }), error);
  }
}

export async function rename(editor: Editor, path: string, to: string): Promise<void> {
  if (to === path) return;
  try {
    await editor.api.moveFile(path, to);
    editor.tabs.withPath(path)?.movedTo(to, lastPart(to));
    editor.filesChanged.emit();
  } catch (error) {
    report(t("{name} could not be renamed", { name: nameOf(path) }), error);
  }
}

/** What is open stays open, as something that is not saved. One click puts the file back. */
export async function remove(editor: Editor, path: string): Promise<void> {
  const { api, tabs, filesChanged } = editor;
  try {
    const { text } = await api.readFile(path);
    await api.deleteFile(path);
    tabs.withPath(path)?.lostFile();
    filesChanged.emit();
    const undo = () => {
      closeTopic(TOPIC);
      api.writeFile(path, text, false).then(
        () => filesChanged.emit(),
        (error) => report(t("{name} could not be put back", { name: nameOf(path) }), error),
      );
    };
    const action = { label: t("Put it back"), run: undo };
    showToast({ kind: "info", topic: TOPIC, title: t("Deleted {name}", { name: nameOf(path) }), action });
  } catch (error) {
    report(t("{name} could not be deleted", { name: nameOf(path) }), error);
  }
}

/** A tab whose workflow is a file renames the file in its folder; another one only itself. */
export async function renameTab(editor: Editor, tab: Tab, name: string): Promise<void> {
  const wanted = name.trim().replaceAll("/", " ");
  if (!wanted || wanted === tab.name) return;
  const { path } = tab;
  if (!path) {
    tab.rename(wanted);
    return;
  }
  const to = pathOf([...nameOf(path).split("/").slice(0, -1), wanted].join("/"));
  if (to) await rename(editor, path, to);
  else
    showToast({
      kind: "error",
      topic: TOPIC,
      title: t("“{name}” cannot be the name of a workflow", { name: wanted }),
    });
}

/** Beside what is open, as something that is saved nowhere. */
export async function openEarlier({ api, tabs }: Editor, version: EarlierVersion): Promise<void> {
  const name = lastPart(`${FOLDER}/${version.path}`);
  try {
    tabs.open(parseJson(await api.earlier.read(version)), { name, dirty: true });
  } catch (error) {
    report(t("{name} cannot be opened", { name }), error);
  }
}

/** A deleted workflow has its file again, and is opened. */
export async function putBack(editor: Editor, version: EarlierVersion): Promise<void> {
  const path = `${FOLDER}/${version.path}`;
  try {
    await editor.api.writeFile(path, await editor.api.earlier.read(version), false);
    editor.filesChanged.emit();
  } catch (error) {
    report(t("{name} could not be put back", { name: nameOf(path) }), error);
    return;
  }
  await openFrom(editor, path);
}

export function lastPart(path: string): string {
  return nameOf(path).split("/").at(-1) ?? "";
}

function report(title: string, error: unknown): void {
  showToast({ kind: "error", topic: TOPIC, title, body: (error as Error).message });
}
