/** What a node offers right now: its sockets, widgets and outputs, from definition, values, links and file together. */
import type { InputDef, NodeDef, NodeDefs } from "./nodeDefs";
import type { LinkRecord, NodeId, NodeRecord, SavedSlot, SheetRecord } from "./records";
import { isSide } from "./sheets";
import { instanceShape, sideShape } from "./subgraphShape";
import { isAny } from "./types";
import { PRIMITIVE, REROUTE, VIRTUAL_DEFS } from "./virtualNodes";
import type { WidgetSpec } from "./widgets";

export interface SocketShape {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly optional: boolean;
  /** In the file, but unknown to the definition. */
  readonly extra: boolean;
}

export interface WidgetShape {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly spec: WidgetSpec;
  readonly tooltip: string;
  /** Whether a link may feed it. */
  readonly socket: boolean;
  readonly optional: boolean;
  /** Not shown; its value counts all the same. */
  readonly hidden?: boolean;
  /** Put there by a pack, not by the definition. */
  readonly added?: boolean;
  /** Its value does not go into the prompt. */
  readonly unsent?: boolean;
}

export interface OutputShape {
  readonly index: number;
  readonly label: string;
  readonly type: string;
  readonly isList: boolean;
}

/** A side is an end of a subgraph on its own sheet, where its inputs come from or its outputs go to. */
export type NodeStatus = "known" | "virtual" | "subgraph" | "side" | "missing";

export interface NodeShape {
  readonly status: NodeStatus;
  readonly def: NodeDef | undefined;
  readonly title: string;
  readonly sockets: readonly SocketShape[];
  readonly widgets: readonly WidgetShape[];
  readonly outputs: readonly OutputShape[];
}

/** The part of a document that shapes depend on. */
export interface ShapeContext {
  readonly defs: NodeDefs;
  definition(type: string): SheetRecord | undefined;
  linkInto(node: NodeId, input: string): LinkRecord | undefined;
  linksFrom(node: NodeId): readonly LinkRecord[];
  node(id: NodeId): NodeRecord | undefined;
  shape(id: NodeId): NodeShape | undefined;
}

export function shapeOf(node: NodeRecord, doc: ShapeContext): NodeShape {
  if (isSide(node.type)) return sideShape(node, doc);
  const subgraph = doc.definition(node.type);
  if (subgraph) return instanceShape(node, subgraph, doc);
  const def = doc.defs.get(node.type) ?? VIRTUAL_DEFS.get(node.type);
  if (!def) return fileShape(node);
  const linked = (name: string) => doc.linkInto(node.id, name) !== undefined;
  const inputs = matched(expandInputs(def.inputs, node.values, linked), node, doc);
  const status: NodeStatus = doc.defs.has(node.type) ? "known" : "virtual";
  const shape: NodeShape = {
    status,
    def,
    title: node.title ?? def.title,
    sockets: [
      ...inputs.filter((i) => !i.widget && i.socket).map(socketShape),
      ...extraSockets(node, def, inputs),
    ],
    widgets: inputs.flatMap((input) => widgetShape(input)),
    outputs: outputShapes(node, def, inputs, doc),
  };
  if (status === "virtual" && node.type === REROUTE) return rerouteShape(node, shape, doc);
  if (status === "virtual" && node.type === PRIMITIVE) return primitiveShape(node, shape, doc);
  return shape;
}

/** The definition's inputs with chosen branches and grown groups put in their places. */
export function expandInputs(
  inputs: readonly InputDef[],
  values: NodeRecord["values"],
  linked: (name: string) => boolean,
): InputDef[] {
  return inputs.flatMap((input): InputDef[] => {
    if (input.autogrow) {
      const { names, min, template } = input.autogrow;
      const used = names.findLastIndex((name) => linked(name)) + 1;
      const count = Math.min(names.length, Math.max(min, used + 1));
      return names.slice(0, count).map((name, i) => ({
        ...template,
        name,
        label: name.split(".").at(-1) ?? name,
        optional: template.optional || i >= min,
      }));
    }
    if (!input.branches) return [input];
    const choice = values[input.name] ?? input.widget?.default;
    const branch = input.branches.get(String(choice)) ?? [];
    return [input, ...expandInputs(branch, values, linked)];
  });
}

/** Inputs that must be of one type take on that of the others' links. */
function matched(inputs: readonly InputDef[], node: NodeRecord, doc: ShapeContext): InputDef[] {
  return inputs.map((input) => {
    if (input.match === undefined) return input;
    const others = inputs.filter((other) => other !== input && other.match === input.match);
    return { ...input, type: linkedType(others, node, doc) ?? input.type };
  });
}

function linkedType(inputs: readonly InputDef[], node: NodeRecord, doc: ShapeContext): string | undefined {
  const types = inputs.map((input) => doc.linkInto(node.id, input.name)?.type ?? "*");
  return types.find((type) => !isAny(type));
}

function socketShape(input: InputDef): SocketShape {
  return { name: input.name, label: input.label, type: input.type, optional: input.optional, extra: false };
}

function widgetShape(input: InputDef): WidgetShape[] {
  if (!input.widget) return [];
  const { name, label, type, widget: spec, tooltip, socket, optional } = input;
  return [{ name, label, type, spec, tooltip, socket, optional, hidden: spec.hidden }];
}

/** A plain socket that only the file knows stays; a widget input that only the file knows is dropped. */
function extraSockets(node: NodeRecord, def: NodeDef, known: readonly InputDef[]): SocketShape[] {
  const names = new Set(known.map((input) => input.name));
  const dynamic = def.inputs.filter((input) => input.autogrow || input.branches);
  // Sockets of another branch, or of a group that has shrunk, come back when they are wanted.
  const isDormant = (name: string) => dynamic.some((input) => name.startsWith(`${input.name}.`));
  return node.inputs
    .filter((slot) => slot.widget === undefined && !names.has(slot.name) && node.type !== REROUTE)
    .filter((slot) => !isDormant(slot.name))
    .map(savedSocket);
}

function outputShapes(
  node: NodeRecord,
  def: NodeDef,
  inputs: readonly InputDef[],
  doc: ShapeContext,
): OutputShape[] {
  const count = Math.max(def.outputs.length, node.outputs.length);
  return Array.from({ length: count }, (_, index) => {
    const [defined, saved] = [def.outputs[index], node.outputs[index]];
    const same = defined?.match ? inputs.filter((input) => input.match === defined.match) : [];
    return {
      index,
      label: (saved && customLabel(saved)) || defined?.name || saved?.name || "",
      type: linkedType(same, node, doc) ?? defined?.type ?? saved?.type ?? "*",
      isList: defined?.isList ?? false,
    };
  });
}

/** A node whose class is not installed: what the file says is all there is. */
function fileShape(node: NodeRecord): NodeShape {
  return {
    status: "missing",
    def: undefined,
    title: node.title ?? node.type,
    sockets: node.inputs.map(savedSocket),
    widgets: [],
    outputs: node.outputs.map((slot, index) => ({
      index,
      label: slotLabel(slot),
      type: slot.type,
      isList: false,
    })),
  };
}

export function savedSocket(slot: SavedSlot): SocketShape {
  return { name: slot.name, label: slotLabel(slot), type: slot.type, optional: true, extra: true };
}

function rerouteShape(node: NodeRecord, shape: NodeShape, doc: ShapeContext): NodeShape {
  const input = node.inputs[0]?.name ?? "";
  const type = doc.linkInto(node.id, input)?.type ?? "*";
  return {
    ...shape,
    sockets: [{ name: input, label: "", type: "*", optional: true, extra: false }],
    outputs: [{ index: 0, label: type === "*" ? "" : type, type, isList: false }],
  };
}

/** A primitive looks like the first widget that it feeds. */
function primitiveShape(node: NodeRecord, shape: NodeShape, doc: ShapeContext): NodeShape {
  for (const link of doc.linksFrom(node.id)) {
    const target = doc.shape(link.to)?.widgets.find((widget) => widget.name === link.input);
    if (!target) continue;
    const control = target.spec.control ?? (target.spec.kind === "int" ? "fixed" : undefined);
    const spec = control ? { ...target.spec, control } : target.spec;
    return {
      ...shape,
      widgets: [{ ...target, name: "value", label: target.label, spec, socket: false }],
      outputs: [{ index: 0, label: target.label, type: target.type, isList: false }],
    };
  }
  return shape;
}

function customLabel(slot: SavedSlot): string {
  return typeof slot.raw.label === "string" ? slot.raw.label : "";
}

function slotLabel(slot: SavedSlot): string {
  return customLabel(slot) || slot.name;
}
