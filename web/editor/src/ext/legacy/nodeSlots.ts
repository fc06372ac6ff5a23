/** Inputs, outputs and links of a node by position, on a document that knows them by name. */
import { connect, disconnect } from "../../graph/edit";
import type { NodeRecord, SavedSlot } from "../../graph/records";
import type { JsonObject } from "../../lib/json";
import { carryOver } from "./carry";
import type { LegacyNode } from "./node";
import { InputSlot, inputNames, type LegacyLink, legacyLink, OutputSlot } from "./slots";

export function addInput(
  node: LegacyNode,
  name: string,
  type: string,
  extra: Record<string, unknown>,
): InputSlot | undefined {
  const taken = new Set(inputNames(node.doc, node.key));
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}#${n}`;
  change(node, "inputs", (list) => [...list, savedSlot(free, name, type, extra)]);
  const slot = node.inputs.find((candidate) => candidate.name === free);
  return slot && Object.assign(slot, extra);
}

export function removeInput(node: LegacyNode, index: number): void {
  const slot = node.inputs[index];
  if (!slot) return;
  cutInput(node, index);
  node.inputs.splice(index, 1);
  carryOver(node);
  change(node, "inputs", (list) => list.filter((saved) => saved.name !== slot.name));
}

export function addOutput(
  node: LegacyNode,
  name: string,
  type: string,
  extra: Record<string, unknown>,
): OutputSlot | undefined {
  change(node, "outputs", (list) => [...shown(node, list), savedSlot(name, name, type, extra)]);
  return node.outputs.at(-1);
}

/** Outputs of the definition stay: the server makes them whatever the page thinks. */
export function removeOutput(node: LegacyNode, index: number): void {
  cutOutput(node, index);
  change(node, "outputs", (list) => shown(node, list).filter((_, i) => i !== index));
}

/** The saved outputs with those that only the definition knows, so that positions count. */
function shown(node: LegacyNode, list: readonly SavedSlot[]): SavedSlot[] {
  const outputs = node.doc.shape(node.key)?.outputs ?? [];
  return outputs.map((output, i) => list[i] ?? savedSlot(output.label, output.label, output.type, {}));
}

function savedSlot(key: string, name: string, type: string, extra: Record<string, unknown>): SavedSlot {
  const raw = { name: key, type, ...(key === name ? {} : { label: name }), ...extra };
  return { name: key, type, raw: JSON.parse(JSON.stringify(raw)) as JsonObject };
}

function change(
  node: LegacyNode,
  part: "inputs" | "outputs",
  by: (list: readonly SavedSlot[]) => readonly SavedSlot[],
): void {
  const { record } = node;
  if (record) node.patch({ [part]: by(record[part]) } as Partial<NodeRecord>);
  node.pull();
}

export function inputLink(node: LegacyNode, index: number): LegacyLink | null {
  const name = node.inputs[index]?.name;
  const link = name === undefined ? undefined : node.doc.linkInto(node.key, name);
  return link ? legacyLink(node.doc, link) : null;
}

export function connectTo(
  node: LegacyNode,
  output: number | string,
  target: LegacyNode,
  input: number | string,
): LegacyLink | null {
  const from = typeof output === "string" ? node.findOutputSlot(output) : output;
  const name = typeof input === "string" ? input : target.inputs[input]?.name;
  if (name === undefined) return null;
  node.quietly(() => connect(node.doc, { node: node.key, output: from }, { node: target.key, input: name }));
  const made = node.doc.linkInto(target.key, name);
  return made ? legacyLink(node.doc, made) : null;
}

export function cutInput(node: LegacyNode, index: number): boolean {
  const name = node.inputs[index]?.name;
  const link = name === undefined ? undefined : node.doc.linkInto(node.key, name);
  if (link) node.quietly(() => disconnect(node.doc, link));
  return link !== undefined;
}

export function cutOutput(node: LegacyNode, index: number, target?: LegacyNode): boolean {
  const links = node.doc
    .linksFrom(node.key)
    .filter((link) => link.output === index && (!target || link.to === target.key));
  node.quietly(() => {
    for (const link of links) disconnect(node.doc, link);
  });
  return links.length > 0;
}

/** The arrays stay the same objects, and so do the slots in them, as long as their names do. */
export function pullSlots(node: LegacyNode): void {
  const shape = node.doc.shape(node.key);
  if (!shape) return;
  const known = new Map(node.inputs.map((slot) => [slot.name, slot]));
  const inputs = [...shape.sockets, ...shape.widgets.filter((widget) => widget.socket)].map((input) => {
    const slot = known.get(input.name) ?? new InputSlot(node, input.name, input.type);
    slot.type = input.type;
    if (input.label !== input.name) slot.label = input.label;
    if ("spec" in input) slot.widget = { name: input.name };
    return slot;
  });
  node.inputs.splice(0, node.inputs.length, ...inputs);
  const outputs = shape.outputs.map(({ index, label, type }) => {
    const slot = node.outputs[index] ?? new OutputSlot(node, index, label, type);
    slot.name = label;
    slot.type = type;
    return slot;
  });
  node.outputs.splice(0, node.outputs.length, ...outputs);
}
