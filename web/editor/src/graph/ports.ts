/** The inputs and outputs of a subgraph: added, named and taken away on all its instances at once. */

import { randomUuid } from "../lib/ids";
import { isObject, type Json, type JsonObject } from "../lib/json";
import type { GraphDocument, GraphTx } from "./document";
import { proxiesOf } from "./promotions";
import type { NodeId, Port, SheetId, SheetRecord } from "./records";
import { inputSide, outputSide } from "./sheets";

export type Side = "inputs" | "outputs";

/** A new port under a name that no other has; answers the name. */
export function addPort(
  doc: GraphDocument,
  sheet: SheetId,
  side: Side,
  wanted: string,
  type: string,
): string {
  const before = doc.definition(sheet);
  if (!before) return wanted;
  const name = freeName(before[side], wanted || type.toLowerCase());
  const port: Port = { name, label: null, type, raw: { id: randomUuid(), name, type, linkIds: [] } };
  doc.transact(`Add ${name}`, (tx) => tx.put({ ...before, [side]: [...before[side], port] }));
  return name;
}

export function freeName(ports: readonly { readonly name: string }[], wanted: string): string {
  const taken = new Set(ports.map(({ name }) => name));
  let name = wanted;
  for (let n = 1; taken.has(name); n++) name = `${wanted}_${n}`;
  return name;
}

/** Links and values hold on to the name; what changes is what is shown. */
export function renamePort(
  doc: GraphDocument,
  sheet: SheetId,
  side: Side,
  name: string,
  label: string,
): void {
  const before = doc.definition(sheet);
  if (!before) return;
  const shown = label.trim();
  const ports = before[side].map((port) =>
    port.name === name ? { ...port, label: shown && shown !== name ? shown : null } : port,
  );
  doc.transact("Rename", (tx) => tx.put({ ...before, [side]: ports }));
}

/** Takes the links on both sides of the wall along. */
export function removePort(doc: GraphDocument, sheet: SheetId, side: Side, name: string): void {
  const before = doc.definition(sheet);
  const at = before?.[side].findIndex((port) => port.name === name) ?? -1;
  if (!before || at < 0) return;
  doc.transact(`Remove ${name}`, (tx) => {
    tx.put({ ...before, [side]: before[side].filter((_, i) => i !== at) });
    if (side === "inputs") removeInput(doc, tx, before, name, at);
    else removeOutput(doc, tx, before, name, at);
  });
}

function removeInput(doc: GraphDocument, tx: GraphTx, sheet: SheetRecord, name: string, at: number): void {
  closeGap(doc, tx, inputSide(sheet.id), at);
  for (const id of doc.instancesOf(sheet.id)) {
    const link = doc.linkInto(id, name);
    if (link) tx.remove(`link:${link.id}`);
    const node = doc.node(id);
    if (!node) continue;
    const { [name]: _, ...values } = node.values;
    const inputs = node.inputs.filter((slot) => slot.name !== name);
    tx.put({ ...node, values, inputs });
    dropProxies(
      doc,
      tx,
      id,
      (entry) => Array.isArray(entry) && String(entry[0]) === "-1" && entry[1] === name,
    );
  }
}

function removeOutput(doc: GraphDocument, tx: GraphTx, sheet: SheetRecord, name: string, at: number): void {
  const inner = doc.linkInto(outputSide(sheet.id), name);
  if (inner) tx.remove(`link:${inner.id}`);
  for (const id of doc.instancesOf(sheet.id)) {
    closeGap(doc, tx, id, at);
    const node = doc.node(id);
    if (node) tx.put({ ...node, outputs: node.outputs.filter((_, i) => i !== at) });
  }
}

/** The links of the outputs behind the one that goes move up. */
function closeGap(doc: GraphDocument, tx: GraphTx, node: NodeId, at: number): void {
  for (const link of [...doc.linksFrom(node)]) {
    if (link.output === at) tx.remove(`link:${link.id}`);
    else if (link.output > at) tx.put({ ...link, output: link.output - 1 });
  }
}

/** Instances that list their widgets get the new one listed as well. */
export function listOnInstances(doc: GraphDocument, sheet: SheetId, name: string): void {
  doc.transact("Promote", (tx) => {
    for (const id of doc.instancesOf(sheet)) {
      const node = doc.node(id);
      const entries = node && proxiesOf(node);
      if (!node || !entries) continue;
      tx.put({ ...node, raw: withProxies(node.raw, [...entries, ["-1", name]]) });
    }
  });
}

/** Takes widgets off the list of an instance. */
export function dropProxies(
  doc: GraphDocument,
  tx: GraphTx,
  id: NodeId,
  drop: (entry: Json) => boolean,
): void {
  const node = doc.node(id);
  const entries = node && proxiesOf(node);
  if (!node || !entries?.some(drop)) return;
  tx.put({
    ...node,
    raw: withProxies(
      node.raw,
      entries.filter((entry) => !drop(entry)),
    ),
  });
}

function withProxies(raw: JsonObject, proxyWidgets: readonly Json[]): JsonObject {
  return { ...raw, properties: { ...(isObject(raw.properties) ? raw.properties : {}), proxyWidgets } };
}
