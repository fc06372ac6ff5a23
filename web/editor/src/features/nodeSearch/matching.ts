/** Which node classes fit an open end of a link, and how a new node is put on it. */

import { DEFAULT_WIDTH, ROW, TITLE } from "../../canvas/nodeLayout";
import type { OpenEnd } from "../../canvas/tools/tool";
import type { GraphDocument } from "../../graph/document";
import { addNode, connect } from "../../graph/edit";
import type { NodeDef, NodeDefs } from "../../graph/nodeDefs";
import type { NodeId, SheetRecord } from "../../graph/records";
import { addInstance, contains } from "../../graph/subgraphs";
import { compatible } from "../../graph/types";
import { VIRTUAL_DEFS } from "../../graph/virtualNodes";
import type { Point } from "../../lib/geometry";

export function allDefs(defs: NodeDefs): NodeDef[] {
  const own = [...VIRTUAL_DEFS.values()].filter((def) => !defs.has(def.type));
  return [...defs.values(), ...own]
    .filter((def) => !def.deprecated && !def.devOnly)
    .sort((a, b) => a.title.localeCompare(b.title));
}

/** What is familiar first, in the order in which it is. */
export function familiarFirst(defs: readonly NodeDef[], familiar: ReadonlySet<string>): NodeDef[] {
  const order = [...familiar];
  const place = ({ type }: NodeDef) => (familiar.has(type) ? order.indexOf(type) : order.length);
  return [...defs].sort((a, b) => place(a) - place(b));
}

/** Those that take or make exactly the type first, then those that fit otherwise. */
export function fittingDefs(defs: readonly NodeDef[], end: OpenEnd): NodeDef[] {
  const typesOf = (def: NodeDef) =>
    end.kind === "output"
      ? def.inputs.filter((input) => input.socket).map((input) => input.type)
      : def.outputs.map((output) => output.type);
  const fits = (type: string) =>
    end.kind === "output" ? compatible(end.type, type) : compatible(type, end.type);
  const fitting = defs.filter((def) => typesOf(def).some(fits));
  const exact = (def: NodeDef) => (typesOf(def).includes(end.type) ? 0 : 1);
  return fitting.sort((a, b) => exact(a) - exact(b));
}

/** The subgraphs of the workflow that can be put on the open sheet, and fit the end of a link if there is one. */
export function fittingSubgraphs(doc: GraphDocument, end: OpenEnd | null): SheetRecord[] {
  return [...doc.definitions()].filter((sheet) => {
    if (contains(doc, sheet.id, doc.sheet)) return false;
    if (!end) return true;
    const ports = end.kind === "output" ? sheet.inputs : sheet.outputs;
    return ports.some(({ type }) => compatible(end.type, type));
  });
}

function add(doc: GraphDocument, type: string, at: Point): NodeId {
  return doc.definition(type) ? (addInstance(doc, type, at) ?? "") : addNode(doc, type, at);
}

/** Adds the node at a place and links it, as one step. */
export function addLinked(doc: GraphDocument, type: string, at: Point, end: OpenEnd | null): NodeId {
  let id = "";
  doc.transact("Add node", () => {
    const offset = end ? { x: end.kind === "input" ? -DEFAULT_WIDTH : 0, y: -ROW / 2 } : { x: 0, y: TITLE };
    id = add(doc, type, { x: Math.round(at.x + offset.x), y: Math.round(at.y + offset.y) });
    const shape = doc.shape(id);
    if (!end || !shape) return;
    if (end.kind === "output") {
      const slots = [...shape.sockets, ...shape.widgets.filter((widget) => widget.socket)];
      const slot = slots.find((s) => s.type === end.type) ?? slots.find((s) => compatible(end.type, s.type));
      if (slot) connect(doc, end.ref, { node: id, input: slot.name }, end.via);
    } else {
      const outputs = shape.outputs;
      const output =
        outputs.find((o) => o.type === end.type) ?? outputs.find((o) => compatible(o.type, end.type));
      if (output) connect(doc, { node: id, output: output.index }, end.ref);
    }
  });
  return id;
}
