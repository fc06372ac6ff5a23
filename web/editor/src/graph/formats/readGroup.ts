/** What an old file says of a group of nodes, and by which names its one node shows what is inside. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { NodeDef, NodeDefs } from "../nodeDefs";
import { PRIMITIVE, VIRTUAL_DEFS } from "../virtualNodes";
import { objects, text, typeName } from "./fields";
import { type Place, placesOf } from "./places";

/** Nodes are named by their place in the group. */
export interface Group {
  readonly nodes: readonly JsonObject[];
  readonly links: readonly GroupLink[];
  readonly ports: readonly GroupPort[];
  readonly results: readonly GroupResult[];
  /** One for each place in the values of the group's node. */
  readonly widgets: readonly GroupWidget[];
}

interface GroupLink {
  readonly from: number;
  readonly output: number;
  readonly to: number;
  readonly slot: number;
}

interface GroupPort {
  readonly name: string;
  readonly type: string;
  readonly node: number;
  readonly input: string;
  readonly slot: number;
  readonly widget: boolean;
}

interface GroupResult {
  readonly name: string;
  readonly type: string;
  readonly node: number;
  readonly output: number;
}

type GroupWidget =
  | { readonly kind: "value"; readonly node: number; readonly input: string; readonly name: string }
  | { readonly kind: "control"; readonly node: number; readonly at: number }
  | { readonly kind: "other" };

/** `last` is the highest id that is taken; `instances` are the nodes that stand for the group. */
export function readGroup(
  raw: JsonObject,
  last: number,
  instances: readonly JsonObject[],
  defs: NodeDefs,
): Group {
  const inside = objects(raw.nodes).map((node, i) => new Inside(node, i, last + 1 + i, raw.config, defs));
  const links = readLinks(raw.links, inside.length);
  const isFed = ({ at }: Inside, slot: number) =>
    links.some(({ to, slot: own }) => to === at && own === slot);
  const nameOf = givenNames();
  const widgets: GroupWidget[] = [];
  const ports: GroupPort[] = [];
  const open = (node: Inside, ofWidgets: boolean) => {
    node.inputs.forEach((input, slot) => {
      if (isObject(input.widget) !== ofWidgets || isFed(node, slot)) return;
      const own = String(input.name);
      const name = nameOf(node, own);
      if (node.shows(own))
        ports.push({ name, type: typeName(input.type), node: node.at, input: own, slot, widget: ofWidgets });
    });
  };
  for (const node of inside) {
    widgets.push(...widgetsOf(node, nameOf));
    open(node, false);
  }
  // Widgets that were made into inputs inside come after all others.
  for (const node of inside) open(node, true);
  for (const fed of fedWidgets(instances)) {
    const widget = widgets.find((one) => one.kind === "value" && one.name === fed.name);
    if (widget?.kind === "value" && !ports.some(({ name }) => name === fed.name))
      ports.push({
        ...fed,
        ...inside[widget.node]?.addInput(widget.input, fed.type),
        widget: true,
      } as GroupPort);
  }
  takeControls(inside, widgets, instances[0]);
  return {
    nodes: inside.map((node) => node.file),
    links,
    ports,
    results: readResults(raw, inside, links),
    widgets,
  };
}

class Inside {
  readonly inputs: JsonObject[];
  readonly type: string;
  readonly def: NodeDef | undefined;
  readonly values: Json[];
  private readonly config: JsonObject;

  constructor(
    readonly raw: JsonObject,
    readonly at: number,
    readonly id: number,
    config: Json | undefined,
    defs: NodeDefs,
  ) {
    this.type = text(raw.type) ?? "";
    this.def = defs.get(this.type) ?? VIRTUAL_DEFS.get(this.type);
    const sockets = (this.def?.inputs ?? []).filter(({ widget }) => !widget);
    this.inputs = isArray(raw.inputs)
      ? [...objects(raw.inputs)]
      : sockets.map(({ name, type }) => ({ name, type }));
    this.values = isArray(raw.widgets_values) ? [...raw.widgets_values] : [];
    const own = isObject(config) ? config[String(at)] : undefined;
    this.config = isObject(own) ? own : {};
  }

  get title(): string {
    return text(this.raw.title) || this.type;
  }

  get file(): JsonObject {
    const values = this.values.length ? { widgets_values: this.values } : {};
    return { ...this.raw, id: this.id, inputs: this.inputs, ...values };
  }

  get places(): readonly Place[] {
    return this.def ? placesOf(this.type, this.def, {}) : [];
  }

  /** What the person has chosen for an input, or for the output of that index. */
  choice(of: "input" | "output", name: string): JsonObject {
    const list = this.config[of];
    const own = isObject(list) ? list[name] : undefined;
    return isObject(own) ? own : {};
  }

  shows(input: string): boolean {
    return this.choice("input", input).visible !== false;
  }

  addInput(name: string, type: string): Pick<GroupPort, "node" | "input" | "slot"> {
    this.inputs.push({ name, type, widget: { name } });
    return { node: this.at, input: name, slot: this.inputs.length - 1 };
  }
}

type NameOf = (node: Inside, input: string) => string;

/** A name that is there already gets the title of its node before it, and a number if that is there too. */
function givenNames(): NameOf {
  const seen = new Map<string, number>();
  return (node, input) => {
    const slot = node.inputs.find(({ name }) => name === input);
    const plain = text(node.choice("input", input).name) || text(slot?.label) || input;
    const isPrefixed = seen.has(plain) || (node.type === PRIMITIVE && text(node.raw.title));
    const key = isPrefixed ? `${node.title} ${input}` : plain;
    const count = seen.get(key);
    seen.set(key, (count ?? 1) + 1);
    return isPrefixed && count !== undefined ? `${node.title} ${count} ${input}` : key;
  };
}

function widgetsOf(node: Inside, nameOf: NameOf): GroupWidget[] {
  const converted = new Set(node.inputs.filter(({ widget }) => widget).map(({ name }) => name));
  return node.places.flatMap((place, at): GroupWidget[] => {
    if (place.kind === "other") return [{ kind: "other" }];
    const { name: input } = place;
    if (converted.has(input)) return [];
    const name = place.kind === "value" ? nameOf(node, input) : "";
    if (!node.shows(input)) return [];
    return place.kind === "value"
      ? [{ kind: "value", node: node.at, input, name }]
      : [{ kind: "control", node: node.at, at }];
  });
}

/** Widgets of the group's node that a link feeds. */
function fedWidgets(instances: readonly JsonObject[]): { readonly name: string; readonly type: string }[] {
  return instances
    .flatMap(({ inputs }) => objects(inputs))
    .filter(({ widget, link }) => isObject(widget) && link !== null && link !== undefined)
    .map(({ name, type }) => ({ name: String(name), type: typeName(type) }));
}

/** How a seed changes between runs is said by the group's node; inside a subgraph it is the inner node's to say. */
function takeControls(
  inside: readonly Inside[],
  widgets: readonly GroupWidget[],
  instance?: JsonObject,
): void {
  const stored = isArray(instance?.widgets_values) ? instance.widgets_values : [];
  widgets.forEach((place, i) => {
    const node = place.kind === "control" ? inside[place.node] : undefined;
    const mode = stored[i];
    if (node && place.kind === "control" && typeof mode === "string") node.values[place.at] = mode;
  });
}

/** `[from, output, to, slot, …]`; those from outside have no `from`. */
function readLinks(list: Json | undefined, count: number): GroupLink[] {
  const isNode = (at: Json | undefined): at is number => typeof at === "number" && at >= 0 && at < count;
  return (isArray(list) ? list : []).flatMap((link): GroupLink[] => {
    const [from, output, to, slot] = isArray(link) ? link : [];
    return isNode(from) && isNode(to)
      ? [{ from, output: Number(output) || 0, to, slot: Number(slot) || 0 }]
      : [];
  });
}

/** Outputs that nothing inside takes, and those that something outside takes as well. */
function readResults(raw: JsonObject, inside: readonly Inside[], links: readonly GroupLink[]): GroupResult[] {
  const external = (isArray(raw.external) ? raw.external : []).filter(isArray);
  return inside.flatMap((node) => {
    const outputs = isArray(node.raw.outputs) ? objects(node.raw.outputs) : (node.def?.outputs ?? []);
    return outputs.flatMap((slot, output): GroupResult[] => {
      const choice = node.choice("output", String(output));
      const isTaken = links.some((link) => link.from === node.at && link.output === output);
      const isExternal = external.some(([at, of]) => at === node.at && of === output);
      if (choice.visible === false || node.type === PRIMITIVE || (isTaken && !isExternal)) return [];
      const name = text(choice.name) || ("label" in slot && text(slot.label)) || String(slot.name);
      return [{ name, type: typeName(slot.type), node: node.at, output }];
    });
  });
}
