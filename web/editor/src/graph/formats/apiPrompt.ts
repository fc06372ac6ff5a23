/** Turns a document into the prompt that the server runs: active nodes, values by name, links as `[id, output]`. */
import { isArray, type Json, type JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import type { GraphDocument } from "../document";
import type { WidgetShape } from "../nodeShape";
import { promptSegments } from "../promptIds";
import { Mode, type NodeRecord } from "../records";
import { isSide } from "../sheets";
import { MARKDOWN_NOTE, NOTE, PRIMITIVE, REROUTE } from "../virtualNodes";
import { ConversionFailed, inputSlots, primitiveValue, Scope, type Source, sourceOf } from "./promptScopes";
import { drawPrompt, fillFilename } from "./promptText";

export interface PromptOptions {
  readonly random?: () => number;
  readonly now?: Date;
}

export interface PromptNode extends JsonObject {
  readonly class_type: string;
  readonly inputs: JsonObject;
  readonly _meta: { readonly title: string };
}

export type ApiPrompt = { readonly [id: string]: PromptNode };

/** A bound on what nested subgraphs open to: thirty that each hold the next one twice would never end. */
const MOST_NODES = 100_000;

/** Group nodes that the file says nothing of are left to the server, which names them. */
export function needsServerConversion(doc: GraphDocument): boolean {
  for (const node of doc.allNodes()) if (/^workflow[>/]/.test(node.type)) return true;
  return false;
}

/** Throws ConversionFailed where a subgraph contains itself, or opens to more nodes than anyone can run. */
export function toApiPrompt(
  doc: GraphDocument,
  { random = Math.random, now = new Date() }: PromptOptions = {},
): ApiPrompt {
  const prompt: Record<string, PromptNode> = {};
  let count = 0;
  const send = (scope: Scope): void => {
    for (const node of doc.on(scope.sheet, "node")) {
      if (++count > MOST_NODES) throw new ConversionFailed(t("The subgraphs open to too many nodes"));
      if (!isSent(doc, node)) continue;
      if (doc.definition(node.type)) send(scope.child(node));
      else prompt[scope.promptId(node.id)] = promptNode(scope, node, random, now);
    }
  };
  send(new Scope(doc, promptSegments(doc)));
  for (const node of Object.values(prompt)) dropDangling(node.inputs as Record<string, Json>, prompt);
  return prompt;
}

function isSent(doc: GraphDocument, node: NodeRecord): boolean {
  if (doc.defs.get(node.type)?.pageOnly) return false;
  if (node.mode === Mode.muted || node.mode === Mode.bypassed || isSide(node.type)) return false;
  return ![REROUTE, PRIMITIVE, NOTE, MARKDOWN_NOTE].includes(node.type);
}

function promptNode(scope: Scope, node: NodeRecord, random: () => number, now: Date): PromptNode {
  const { doc } = scope;
  const shape = doc.shape(node.id);
  const inputs: Record<string, Json> = {};
  for (const widget of shape?.widgets ?? []) {
    if (widget.unsent) continue;
    const found = widgetInput(scope, node, widget, random, now);
    if (found !== undefined) inputs[widget.name] = found;
  }
  for (const { name, type } of inputSlots(doc, node)) {
    const link = name in inputs ? undefined : doc.linkInto(node.id, name);
    const source = link && sourceOf(scope, link, type);
    if (source) inputs[name] = asInput(source, type);
  }
  return { inputs, class_type: node.type, _meta: { title: shape?.title ?? node.type } };
}

/** What a link brings, else what a subgraph's instance holds for it, else its own value. */
function widgetInput(
  scope: Scope,
  node: NodeRecord,
  widget: WidgetShape,
  random: () => number,
  now: Date,
): Json | undefined {
  const { doc } = scope;
  const { name, spec, type } = widget;
  const link = doc.linkInto(node.id, name);
  const pushed = link && primitiveValue(scope, link);
  const source = link && pushed === undefined ? sourceOf(scope, link, type) : null;
  if (source) return asInput(source, type);
  const promoted = link ? undefined : scope.override(node.id, name);
  if (promoted !== undefined) return wrap(promoted, type);
  const own = pushed ?? node.values[name] ?? spec.default;
  const value = own === null && spec.kind === "combo" ? (spec.options[0] ?? null) : own;
  if (value === null && spec.kind === "combo") return undefined;
  return wrap(changeText(doc, node, name, value, random, now), type);
}

function asInput(source: Source, type: string): Json {
  return "value" in source ? wrap(source.value, type) : [source.node, source.output];
}

function changeText(
  doc: GraphDocument,
  node: NodeRecord,
  name: string,
  value: Json,
  random: () => number,
  now: Date,
): Json {
  if (typeof value !== "string") return value;
  const widget = doc.shape(node.id)?.widgets.find((w) => w.name === name);
  if (widget?.spec.kind === "text" && widget.spec.dynamicPrompts) return drawPrompt(value, random);
  if (name === "filename_prefix" && doc.defs.get(node.type)?.outputNode) return fillFilename(value, doc, now);
  return value;
}

/** A bare list of two would read as a link. */
function wrap(value: Json, type: string): Json {
  if (!isArray(value)) return value;
  return type === "CURVE" ? { __type__: "CURVE", __value__: value } : { __value__: value };
}

function dropDangling(inputs: Record<string, Json>, prompt: ApiPrompt): void {
  for (const [name, value] of Object.entries(inputs)) {
    if (isArray(value) && !(String(value[0]) in prompt)) delete inputs[name];
  }
}
