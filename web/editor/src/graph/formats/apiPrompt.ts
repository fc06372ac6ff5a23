/** Turns a document into the prompt that the server runs: active nodes, values by name, links as `[id, output]`. */
import { isArray, type Json, type JsonObject } from "../../lib/json";
import type { GraphDocument } from "../document";
import { type LinkRecord, Mode, type NodeId, type NodeRecord } from "../records";
import { compatible, isAny } from "../types";
import { MARKDOWN_NOTE, NOTE, PRIMITIVE, REROUTE } from "../virtualNodes";
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

/** Subgraphs and group nodes are expanded by the server, which takes the workflow itself as well. */
export function needsServerConversion(doc: GraphDocument): boolean {
  for (const node of doc.nodes()) {
    if (doc.subgraphName(node.type) !== undefined || /^workflow[>/]/.test(node.type)) return true;
  }
  return false;
}

export function toApiPrompt(
  doc: GraphDocument,
  { random = Math.random, now = new Date() }: PromptOptions = {},
): ApiPrompt {
  const prompt: Record<string, PromptNode> = {};
  const text = (node: NodeRecord, name: string, value: Json) =>
    changeText(doc, node, name, value, random, now);
  for (const node of doc.nodes()) {
    if (!isSent(doc, node)) continue;
    const inputs: Record<string, Json> = {};
    const shape = doc.shape(node.id);
    for (const widget of shape?.widgets ?? []) {
      if (widget.unsent) continue;
      const own = primitiveValue(doc, node, widget.name) ?? node.values[widget.name] ?? widget.spec.default;
      const value = own === null && widget.spec.kind === "combo" ? (widget.spec.options[0] ?? null) : own;
      if (value === null && widget.spec.kind === "combo") continue;
      inputs[widget.name] = wrap(text(node, widget.name, value), widget.type);
    }
    for (const { name, type } of inputSlots(doc, node)) {
      const link = doc.linkInto(node.id, name);
      const source = link && resolve(doc, link, type);
      if (source) inputs[name] = [source.node, source.output];
    }
    prompt[node.id] = { inputs, class_type: node.type, _meta: { title: shape?.title ?? node.type } };
  }
  for (const node of Object.values(prompt)) dropDangling(node.inputs as Record<string, Json>, prompt);
  return prompt;
}

function isSent(doc: GraphDocument, node: NodeRecord): boolean {
  if (doc.defs.get(node.type)?.pageOnly) return false;
  if (node.mode === Mode.muted || node.mode === Mode.bypassed) return false;
  return ![REROUTE, PRIMITIVE, NOTE, MARKDOWN_NOTE].includes(node.type);
}

interface Source {
  readonly node: NodeId;
  readonly output: number;
}

/** Follows a link back through reroutes and bypassed nodes to the node that makes the value. */
function resolve(doc: GraphDocument, start: LinkRecord, wantedType: string): Source | null {
  const seen = new Set<string>();
  let wanted = wantedType;
  for (let link: LinkRecord | undefined = start; link && !seen.has(link.id); ) {
    seen.add(link.id);
    const origin = doc.node(link.from);
    if (!origin || origin.mode === Mode.muted || origin.type === PRIMITIVE) return null;
    if (origin.type === REROUTE) {
      const name: string = doc.shape(origin.id)?.sockets[0]?.name ?? "";
      link = doc.linkInto(origin.id, name);
    } else if (origin.mode === Mode.bypassed) {
      const through = bypassInput(doc, origin, link.output, wanted);
      if (!through) return null;
      wanted = through.type;
      link = doc.linkInto(origin.id, through.name);
    } else return { node: origin.id, output: link.output };
  }
  return null;
}

interface Slot {
  readonly name: string;
  readonly type: string;
}

/** Sockets in the order of the definition, then widgets, then what only the file knows. */
function inputSlots(doc: GraphDocument, node: NodeRecord): Slot[] {
  const shape = doc.shape(node.id);
  if (!shape) return [];
  const extra = shape.status === "known" ? shape.sockets.filter((socket) => socket.extra) : [];
  return [...shape.sockets.filter((socket) => !extra.includes(socket)), ...shape.widgets, ...extra];
}

function bypassInput(doc: GraphDocument, node: NodeRecord, output: number, wanted: string): Slot | undefined {
  const slots = inputSlots(doc, node);
  if (isAny(wanted)) return slots[output] ?? slots[0];
  const made = doc.outputType(node.id, output) ?? "*";
  const fits = (slot: Slot | undefined) =>
    slot && compatible(made, slot.type) && compatible(slot.type, wanted);
  if (fits(slots[output])) return slots[output];
  return slots.find((slot) => slot.type === wanted) ?? slots.find(fits);
}

/** A primitive writes its value into every widget that it is linked to directly, muted or not. */
function primitiveValue(doc: GraphDocument, node: NodeRecord, name: string): Json | undefined {
  const link = doc.linkInto(node.id, name);
  const origin = link && doc.node(link.from);
  return origin?.type === PRIMITIVE ? origin.values.value : undefined;
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
