/** Every link that could be made at a node: what those who cannot drag choose from. */
import type { GraphDocument } from "./document";
import { type InputRef, type OutputRef, reachable } from "./edit";
import type { NodeShape } from "./nodeShape";
import type { NodeId } from "./records";
import { compatible } from "./types";

export interface Connection {
  readonly from: OutputRef;
  readonly to: InputRef;
  /** The slot of the node itself, and the other end. */
  readonly own: string;
  readonly other: string;
  readonly incoming: boolean;
}

/** Inputs first, those without a link before those with one; ends of exactly the same type before those that also fit. */
export function possibleConnections(doc: GraphDocument, id: NodeId): Connection[] {
  const shape = doc.shape(id);
  if (!shape) return [];
  const [after, before] = [reachable(doc, id, "downstream"), reachable(doc, id, "upstream")];
  const found: (Connection & { readonly rank: number })[] = [];
  for (const { id: node } of doc.nodes()) {
    const other = doc.shape(node);
    if (!other || node === id) continue;
    if (!after.has(node)) {
      for (const { input, type, own } of inputsOf(shape))
        for (const output of other.outputs) {
          if (!compatible(output.type, type)) continue;
          const rank = (doc.linkInto(id, input) ? 2 : 0) + (output.type === type ? 0 : 4);
          const ends = { from: { node, output: output.index }, to: { node: id, input } };
          found.push({ ...ends, own, other: `${other.title} · ${output.label}`, incoming: true, rank });
        }
    }
    if (!before.has(node)) {
      for (const output of shape.outputs)
        for (const { input, type, own } of inputsOf(other)) {
          if (!compatible(output.type, type)) continue;
          const rank = 1 + (doc.linkInto(node, input) ? 2 : 0) + (output.type === type ? 0 : 4);
          const ends = { from: { node: id, output: output.index }, to: { node, input } };
          found.push({ ...ends, own: output.label, other: `${other.title} · ${own}`, incoming: false, rank });
        }
    }
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ rank: _, ...connection }) => connection);
}

function inputsOf({ sockets, widgets }: NodeShape): { input: string; type: string; own: string }[] {
  const slots = [...sockets, ...widgets.filter((widget) => widget.socket && !widget.hidden)];
  return slots.map(({ name, type, label }) => ({ input: name, type, own: label || name }));
}
