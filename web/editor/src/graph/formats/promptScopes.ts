/** A sheet in use: the root, or a subgraph as one instance sees it, with the values promoted there; and where links lead. */
import type { Json } from "../../lib/json";
import type { GraphDocument } from "../document";
import { portPromotion, promotionPlaces } from "../promotions";
import { type LinkRecord, Mode, type NodeId, type NodeRecord, ROOT, type SheetId } from "../records";
import { INPUT_SIDE, outputSide } from "../sheets";
import { compatible, isAny } from "../types";
import { PRIMITIVE, REROUTE } from "../virtualNodes";

export class ConversionFailed extends Error {}

export class Scope {
  readonly sheet: SheetId;
  private readonly path: readonly NodeId[];
  /** What the instance holds for its inputs. */
  private readonly own = new Map<string, Json>();
  /** What it holds for inner widgets that are promoted without an input. */
  private readonly overrides = new Map<NodeId, Map<string, Json>>();
  private readonly children = new Map<NodeId, Scope>();

  constructor(
    readonly doc: GraphDocument,
    readonly segments: ReadonlyMap<NodeId, string>,
    readonly parent: Scope | null = null,
    readonly instance: NodeRecord | null = null,
  ) {
    this.sheet = instance?.type ?? ROOT;
    this.path = instance && parent ? [...parent.path, instance.id] : [];
    if (instance && parent) this.readPromoted(instance, parent.valuesOf(instance));
  }

  promptId(node: NodeId): string {
    return [...this.path, node].map((id) => this.segments.get(id) ?? id).join(":");
  }

  child(instance: NodeRecord): Scope {
    const known = this.children.get(instance.id);
    if (known) return known;
    for (let scope: Scope | null = this; scope?.instance; scope = scope.parent) {
      if (scope.sheet === instance.type)
        throw new ConversionFailed(`The subgraph ${this.doc.shape(instance.id)?.title} contains itself`);
    }
    const child = new Scope(this.doc, this.segments, this, instance);
    this.children.set(instance.id, child);
    return child;
  }

  /** What the instance promotes over the values of a node; undefined where it leaves them as they are. */
  override(node: NodeId, name: string): Json | undefined {
    return this.overrides.get(node)?.get(name);
  }

  private valuesOf(node: NodeRecord): Readonly<Record<string, Json>> {
    const promoted = this.overrides.get(node.id);
    return promoted ? { ...node.values, ...Object.fromEntries(promoted) } : node.values;
  }

  private readPromoted(instance: NodeRecord, values: Readonly<Record<string, Json>>): void {
    const definition = this.doc.definition(this.sheet);
    if (!definition) return;
    for (const promotion of promotionPlaces(instance, definition, this.doc)) {
      const value = promotion && values[promotion.key];
      if (!promotion || value === undefined || value === null) continue;
      const { port, node, widget } = promotion;
      if (port !== null) this.own.set(port, value);
      else this.overrides.set(node, (this.overrides.get(node) ?? new Map()).set(widget.name, value));
    }
  }

  /** What an input of this instance holds that no link feeds: its own value, else that of the first inner widget. */
  portValue(name: string): Json | undefined {
    const own = this.own.get(name);
    if (own !== undefined) return own;
    const definition = this.doc.definition(this.sheet);
    const port = definition?.inputs.find((one) => one.name === name);
    const promotion = definition && port && portPromotion(port, definition, this.doc);
    const inner = promotion && this.doc.node(promotion.node);
    if (!promotion || !inner) return undefined;
    const { widget } = promotion;
    if (this.doc.definition(inner.type)) return this.child(inner).portValue(widget.name);
    return this.override(inner.id, widget.name) ?? inner.values[widget.name] ?? widget.spec.default;
  }
}

/** An output of a node in the prompt, or a value that an instance holds. */
export type Source =
  | { readonly node: string; readonly record: NodeRecord; readonly output: number }
  | { readonly value: Json };

/** Follows a link back through reroutes, bypassed nodes and the walls of subgraphs to what makes the value. */
export function sourceOf(start: Scope, first: LinkRecord, wantedType: string): Source | null {
  const { doc } = start;
  const seen = new Set<string>();
  let [scope, wanted]: [Scope, string] = [start, wantedType];
  for (let link: LinkRecord | undefined = first; link; ) {
    const key: string = scope.promptId(link.id);
    const origin = doc.node(link.from);
    if (seen.has(key) || !origin || origin.mode === Mode.muted || origin.type === PRIMITIVE) return null;
    seen.add(key);
    if (origin.type === INPUT_SIDE) {
      const port: string | undefined = doc.definition(scope.sheet)?.inputs[link.output]?.name;
      if (!scope.instance || !scope.parent || port === undefined) return null;
      const outer = doc.linkInto(scope.instance.id, port);
      if (!outer) {
        const value = scope.portValue(port);
        return value === undefined ? null : { value };
      }
      [scope, link] = [scope.parent, outer];
    } else if (origin.type === REROUTE) {
      link = doc.linkInto(origin.id, doc.shape(origin.id)?.sockets[0]?.name ?? "");
    } else if (origin.mode === Mode.bypassed) {
      const through = bypassInput(doc, origin, link.output, wanted);
      if (!through) return null;
      wanted = through.type;
      link = doc.linkInto(origin.id, through.name);
    } else {
      const inside = doc.definition(origin.type);
      if (!inside) return { node: scope.promptId(origin.id), record: origin, output: link.output };
      scope = scope.child(origin);
      link = doc.linkInto(outputSide(inside.id), inside.outputs[link.output]?.name ?? "");
    }
  }
  return null;
}

/** A primitive writes its value into every widget that it is linked to directly, muted or not. */
export function primitiveValue(scope: Scope, link: LinkRecord): Json | undefined {
  const origin = scope.doc.node(link.from);
  if (origin?.type !== PRIMITIVE) return undefined;
  return scope.override(origin.id, "value") ?? origin.values.value;
}

interface Slot {
  readonly name: string;
  readonly type: string;
}

/** Sockets in the order of the definition, then widgets, then what only the file knows; of a subgraph, its inputs. */
export function inputSlots(doc: GraphDocument, node: NodeRecord): readonly Slot[] {
  const definition = doc.definition(node.type);
  if (definition) return definition.inputs;
  const shape = doc.shape(node.id);
  if (!shape) return [];
  const extra = shape.status === "known" ? shape.sockets.filter((socket) => socket.extra) : [];
  return [...shape.sockets.filter((socket) => !extra.includes(socket)), ...shape.widgets, ...extra];
}

/** The input that stands in for an output of a bypassed node, by the editor's order of preference. */
export function bypassInput(
  doc: GraphDocument,
  node: NodeRecord,
  output: number,
  wanted: string,
): Slot | undefined {
  const slots = inputSlots(doc, node);
  if (isAny(wanted)) return slots[output] ?? slots[0];
  const made = doc.outputType(node.id, output) ?? "*";
  const fits = (slot: Slot | undefined) =>
    slot && compatible(made, slot.type) && compatible(slot.type, wanted);
  if (fits(slots[output])) return slots[output];
  return slots.find((slot) => slot.type === wanted) ?? slots.find(fits);
}
