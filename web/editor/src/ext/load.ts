/** Loads the scripts of packs once the editor is there: all at once, and each by itself. */
import type { Editor } from "../actions/editor";
import { blame, packOf, packs } from "../features/packs/packs";
import { loadPackSettings } from "../features/settings/packSettings";
import { reportTakenKeys } from "../features/shortcuts/taken";
import { prepareLegacy } from "./legacy/start";
import { exposeV1, startV1 } from "./v1/start";

const LONGEST_WAIT = 20_000;

/** `scripts` are addresses as the server lists them, without those that a person has switched off. */
export async function loadPacks(
  editor: Editor,
  scripts: readonly string[],
  all: readonly string[] = scripts,
): Promise<void> {
  await loadPackSettings(editor.api).catch(() => {});
  const legacy = prepareLegacy(editor);
  exposeV1();
  list(all);
  const modules = await Promise.all(scripts.map(load));
  await legacy.start();
  await startV1(
    editor,
    modules.flatMap((module, i) => {
      const definition = module?.default;
      return definition ? [{ definition, pack: packOf(scripts[i] ?? "") ?? "" }] : [];
    }),
  );
  reportTakenKeys();
}

function list(scripts: readonly string[]): void {
  const byPack = new Map<string, string[]>();
  for (const script of scripts) {
    const name = packOf(script) ?? script;
    byPack.set(name, [...(byPack.get(name) ?? []), script]);
  }
  const list = [...byPack].map(([name, own]) => ({ name, scripts: own, problems: [], deprecated: [] }));
  packs.setState({ list });
}

/** Null for a script that throws, or that never comes to an end. */
async function load(address: string): Promise<{ default?: unknown } | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it did not answer in 20 s")), LONGEST_WAIT);
  });
  try {
    const url = new URL(address, document.baseURI).href;
    return (await Promise.race([import(/* @vite-ignore */ url), late])) as { default?: unknown };
  } catch (error) {
    blame(error, `loading ${address.split("/").at(-1)}`, packOf(address));
    return null;
  } finally {
    clearTimeout(timer);
  }
}
