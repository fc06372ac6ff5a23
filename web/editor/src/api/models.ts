/** What the server says of the model files that it has. */
import { isArray, isObject, type JsonObject } from "../lib/json";
import type { Api } from "./http";
import { number, objects, text } from "./readers";

export interface ModelFile {
  /** The kind of model: `checkpoints`, `loras` … */
  readonly folder: string;
  /** Its name below that, with the folders in it. */
  readonly name: string;
  readonly pathIndex: number;
  /** In bytes. */
  readonly size: number;
}

type Asking = Pick<Api, "ask">;

/** All of them, kind by kind; a kind that cannot be read is left out. */
export async function listModels(api: Asking): Promise<ModelFile[]> {
  const kinds = objects(await api.ask("experiment/models")).map(({ name }) => text(name));
  const lists = await Promise.all(kinds.map((folder) => listKind(api, folder).catch(() => [])));
  return lists.flat();
}

async function listKind(api: Asking, folder: string): Promise<ModelFile[]> {
  const body = await api.ask(`experiment/models/${encodeURIComponent(folder)}`);
  return objects(isArray(body) ? body : []).map((file) => ({
    folder,
    name: text(file.name),
    pathIndex: number(file.pathIndex),
    size: number(file.size),
  }));
}

export function previewUrl({ folder, pathIndex, name }: ModelFile): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `api/experiment/models/preview/${encodeURIComponent(folder)}/${pathIndex}/${path}`;
}

/** The words in its header; null when it has none. */
export async function modelWords(api: Asking, { folder, name }: ModelFile): Promise<JsonObject | null> {
  const query = new URLSearchParams({ filename: name });
  const body = await api.ask(`view_metadata/${encodeURIComponent(folder)}?${query}`).catch(() => null);
  return isObject(body) ? body : null;
}
