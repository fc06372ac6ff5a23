/** "Control after generate": what a widget becomes once its value has been queued. */
import type { Json } from "../lib/json";
import { addInt, compact, type Numeric, randomInt, toBigInt } from "../lib/numeric";
import type { GraphDocument } from "./document";
import type { WidgetShape } from "./nodeShape";
import { promotionPlaces } from "./promotions";
import { type ControlMode, Mode, type NodeId, type NodeRecord } from "./records";
import type { WidgetSpec } from "./widgets";

/** Numbers drawn at random stay below this, as everybody's seeds do. */
const LARGEST_DRAW = 1125899906842624n;

/** A widget that a control changes after a run. */
interface Controlled {
  readonly node: NodeRecord;
  readonly widget: WidgetShape;
  readonly mode: ControlMode;
}

/** The mode of a widget's control. A promoted widget has that of the inner node, for all instances. */
export function controlOf(doc: GraphDocument, id: NodeId, name: string): ControlMode | undefined {
  const [node, widget] = controlHolder(doc, id, name);
  return doc.node(node)?.controls[widget];
}

/** The node and widget that keep the mode. */
export function controlHolder(doc: GraphDocument, id: NodeId, name: string): [NodeId, string] {
  const node = doc.node(id);
  const sheet = node && doc.definition(node.type);
  const places = sheet ? promotionPlaces(node, sheet, doc) : [];
  const inner = places.find((place) => place?.key === name);
  return inner ? controlHolder(doc, inner.node, inner.widget.name) : [id, name];
}

/** Everywhere in the workflow. Of a promoted widget, either the instance's value counts or the inner node's, never both. */
export function* controlled(doc: GraphDocument): IterableIterator<Controlled> {
  for (const node of [...doc.allNodes()]) {
    if (node.mode === Mode.muted || node.mode === Mode.bypassed) continue;
    const isInstance = doc.definition(node.type) !== undefined;
    for (const widget of doc.shape(node.id)?.widgets ?? []) {
      if (!widget.spec.control || doc.linkInto(node.id, widget.name)) continue;
      if (isInstance && !widget.socket && (node.values[widget.name] ?? null) === null) continue;
      const mode = controlOf(doc, node.id, widget.name);
      if (mode) yield { node, widget, mode };
    }
  }
}

/** Applies the controls of all queued nodes. Linked widgets keep their value; the change is no step of undo. */
export function applyControls(doc: GraphDocument, random: () => number = Math.random): NodeId[] {
  const changed = new Set<NodeId>();
  doc.store.applyOutsideHistory((tx) => {
    for (const { node, widget, mode } of [...controlled(doc)]) {
      if (mode === "fixed") continue;
      const current = doc.node(node.id) ?? node;
      const before = current.values[widget.name] ?? widget.spec.default;
      const value = nextValue(widget.spec, before, mode, random);
      if (value === before) continue;
      tx.put({ ...current, values: { ...current.values, [widget.name]: value } });
      changed.add(node.id);
    }
  });
  return [...changed];
}

export function nextValue(spec: WidgetSpec, value: Json, mode: ControlMode, random: () => number): Json {
  if (mode === "fixed") return value;
  if (spec.kind === "combo") return nextOption(spec.options, value, mode, random);
  if (spec.kind !== "int" || (typeof value !== "number" && typeof value !== "bigint")) return value;
  if (mode === "randomize") return draw(spec.min, spec.max, spec.step, random);
  return addInt(value, mode === "decrement" ? -toBigInt(spec.step) : spec.step, spec);
}

function draw(min: Numeric = 0, max: Numeric = LARGEST_DRAW, step: Numeric, random: () => number): Json {
  const low = toBigInt(min) < -LARGEST_DRAW ? -LARGEST_DRAW : toBigInt(min);
  const high = toBigInt(max) > LARGEST_DRAW ? LARGEST_DRAW : toBigInt(max);
  const stride = toBigInt(step) > 0n ? toBigInt(step) : 1n;
  return compact(low + randomInt(0n, (high - low) / stride, random) * stride);
}

function nextOption(options: readonly Json[], value: Json, mode: ControlMode, random: () => number): Json {
  if (!options.length) return value;
  const at = options.indexOf(value);
  if (mode === "randomize") return options[Math.floor(random() * options.length)] ?? value;
  const next = mode === "decrement" ? at - 1 : at + 1;
  if (mode === "increment-wrap") return options[next % options.length] ?? value;
  return options[Math.min(options.length - 1, Math.max(0, next))] ?? value;
}
