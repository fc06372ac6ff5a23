/** Subgraphs kept for reuse: the person's own, in their folder on the server, and those that packs bring. */
import type { Api } from "../api/http";
import { RequestFailed } from "../api/http";
import { copyNodes, insertWorkflow } from "../graph/clipboard";
import type { NodeId } from "../graph/records";
import type { Point } from "../lib/geometry";
import { randomUuid } from "../lib/ids";
import { isObject, type JsonObject, parseJson, stringifyJson } from "../lib/json";
import { t } from "../lib/t";
import { showToast } from "../ui/toasts";
import type { Editor } from "./editor";

const FOLDER = "subgraphs";
const CONFLICT = 409;

export interface Blueprint {
  readonly key: string;
  readonly name: string;
  /** The pack that it is from; "" for the person's own. */
  readonly pack: string;
  load(): Promise<JsonObject>;
}

export async function listBlueprints(api: Api): Promise<Blueprint[]> {
  const [own, shared] = await Promise.all([api.listFiles(FOLDER), api.globalSubgraphs()]);
  const files = own.filter(({ path }) => path.endsWith(".json"));
  return [
    ...files.map(({ path }) => ({
      key: `${FOLDER}/${path}`,
      name: path.replace(/\.json$/, ""),
      pack: "",
      load: async () => asWorkflow((await api.readFile(`${FOLDER}/${path}`)).text, path),
    })),
    ...shared.map(({ id, name, pack }) => ({
      key: id,
      name,
      pack,
      load: async () => asWorkflow(await api.globalSubgraph(id), name),
    })),
  ];
}

function asWorkflow(text: string, name: string): JsonObject {
  const file = parseJson(text);
  if (!isObject(file)) throw new Error(t("{name} is no workflow", { name }));
  return file;
}

/** A workflow of nothing but the instance, as others keep their blueprints too. */
export function blueprintOf({ doc }: Editor, id: NodeId): JsonObject {
  const copied = parseJson(copyNodes(doc, new Set([id])));
  const { clipboard: _c, incoming: _i, ...content } = isObject(copied) ? copied : {};
  return { id: randomUuid(), revision: 0, ...content, config: {}, version: 0.4 };
}

export async function publish(editor: Editor, id: NodeId, name: string, replace = false): Promise<void> {
  const path = `${FOLDER}/${name}.json`;
  try {
    await editor.api.writeFile(path, stringifyJson(blueprintOf(editor, id), 2), replace);
    const body = t("It can be added like any node, in every workflow.");
    showToast({ kind: "info", topic: FOLDER, title: t("Published {name}", { name }), body });
  } catch (error) {
    if (error instanceof RequestFailed && error.status === CONFLICT) {
      const action = { label: t("Replace it"), run: () => void publish(editor, id, name, true) };
      showToast({
        kind: "info",
        topic: FOLDER,
        title: t("There is a subgraph {name} already", { name }),
        action,
      });
    } else
      showToast({
        kind: "error",
        topic: FOLDER,
        title: t("It could not be published"),
        body: (error as Error).message,
      });
  }
}

export async function addBlueprint(editor: Editor, blueprint: Blueprint, at: Point): Promise<void> {
  try {
    const ids = insertWorkflow(editor.doc, await blueprint.load(), { at });
    editor.selection.set(ids);
    const [first] = ids;
    if (first !== undefined) editor.engine?.focusNode(first);
  } catch (error) {
    const title = t("{name} cannot be added", { name: blueprint.name });
    showToast({ kind: "error", topic: FOLDER, title, body: (error as Error).message });
  }
}
