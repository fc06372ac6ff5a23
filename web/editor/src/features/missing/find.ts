/** What a workflow needs and this server does not have: classes of nodes, and files of models. */

import type { GraphDocument } from "../../graph/document";
import { setValue } from "../../graph/edit";
import type { NodeId } from "../../graph/records";
import { optionText } from "../../graph/widgets";
import { isArray, isObject, type JsonObject } from "../../lib/json";

export interface MissingClass {
  readonly type: string;
  readonly nodes: readonly NodeId[];
  /** The pack that brings it, where the file says so. */
  readonly pack: string;
}

export interface MissingModel {
  readonly node: NodeId;
  readonly input: string;
  readonly file: string;
  /** The folder below `models/` that it belongs in, where that is known. */
  readonly folder: string;
  /** Where the file says that it can be had. */
  readonly url: string;
  /** The same file by another path. */
  readonly instead: string | null;
}

export interface Missing {
  readonly classes: readonly MissingClass[];
  readonly models: readonly MissingModel[];
}

const MODEL_FILE = /\.(safetensors|sft|ckpt|pth?|bin|gguf|onnx)$/i;
const FOLDERS: readonly (readonly [RegExp, string])[] = [
  [/^ckpt_name/, "checkpoints"],
  [/^lora_name/, "loras"],
  [/^vae_name/, "vae"],
  [/^unet_name/, "diffusion_models"],
  [/^control_net_name/, "controlnet"],
  [/^style_model_name/, "style_models"],
  [/^gligen_name/, "gligen"],
  [/^hypernetwork_name/, "hypernetworks"],
  [/^clip_name/, "text_encoders"],
];

export function findMissing(doc: GraphDocument): Missing {
  const classes = new Map<string, MissingClass>();
  const models: MissingModel[] = [];
  for (const { id, type, raw } of doc.allNodes()) {
    const shape = doc.shape(id);
    const properties = isObject(raw.properties) ? raw.properties : {};
    if (shape?.status === "missing") {
      const pack = String(properties.cnr_id ?? properties.aux_id ?? "");
      const known = classes.get(type);
      classes.set(type, { type, pack: known?.pack || pack, nodes: [...(known?.nodes ?? []), id] });
    }
    models.push(...missingModels(doc, id, properties));
  }
  return { classes: [...classes.values()], models };
}

export function takeInstead(doc: GraphDocument, { node, input, instead }: MissingModel): void {
  if (instead !== null) setValue(doc, node, input, instead);
}

function missingModels(doc: GraphDocument, id: NodeId, properties: JsonObject): MissingModel[] {
  return (doc.shape(id)?.widgets ?? []).flatMap(({ name, spec }): MissingModel[] => {
    const value = doc.node(id)?.values[name];
    if (spec.kind !== "combo" || typeof value !== "string" || !MODEL_FILE.test(value)) return [];
    const options = spec.options.map(optionText);
    if (options.includes(value) || doc.linkInto(id, name)) return [];
    const said = sourceOf(properties, value);
    const folder = said.directory || (FOLDERS.find(([pattern]) => pattern.test(name))?.[1] ?? "");
    const instead = options.find((option) => baseName(option) === baseName(value)) ?? null;
    return [{ node: id, input: name, file: value, folder, url: said.url, instead }];
  });
}

/** Templates say in `properties.models` where their files come from. */
function sourceOf(
  properties: JsonObject,
  file: string,
): { readonly directory: string; readonly url: string } {
  const list = isArray(properties.models) ? properties.models.filter(isObject) : [];
  const said = list.find(({ name }) => name === file || name === baseName(file));
  const url = String(said?.url ?? "");
  return { directory: String(said?.directory ?? ""), url: /^https?:\/\//.test(url) ? url : "" };
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)?.toLowerCase() ?? "";
}
