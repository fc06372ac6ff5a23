/** The catalogue of node classes, read from the server's `/object_info`. */
import { isArray, isObject, type Json, type JsonObject } from "../lib/json";
import { widgetSpec } from "./readWidget";
import type { WidgetSpec } from "./widgets";

export interface InputDef {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly optional: boolean;
  readonly tooltip: string;
  readonly widget: WidgetSpec | null;
  /** Whether a link may go here; widgets have a socket too unless they say `socketless`. */
  readonly socket: boolean;
  readonly advanced: boolean;
  /** A combo whose choice brings inputs of its own. */
  readonly branches?: ReadonlyMap<string, readonly InputDef[]>;
  /** A group of sockets that grows as links are made. */
  readonly autogrow?: Autogrow;
  /** Inputs and outputs of a node with the same name here take on one type, that of the first link. */
  readonly match?: string;
}

export interface Autogrow {
  readonly names: readonly string[];
  readonly min: number;
  readonly template: InputDef;
}

export interface OutputDef {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly match?: string;
}

export interface NodeDef {
  readonly type: string;
  readonly title: string;
  readonly category: string;
  readonly description: string;
  readonly aliases: readonly string[];
  readonly inputs: readonly InputDef[];
  readonly outputs: readonly OutputDef[];
  readonly outputNode: boolean;
  readonly deprecated: boolean;
  /** Others stand for it; nobody draws with it. */
  readonly devOnly?: boolean;
  readonly experimental: boolean;
  /** The pack the class comes from; "" for the built-in ones. */
  readonly pack: string;
  /** Lives in the page only; the server does not know it. */
  readonly pageOnly?: boolean;
}

export type NodeDefs = ReadonlyMap<string, NodeDef>;

/** Reads the whole catalogue. A class that cannot be read is left out and named in `unreadable`. */
export function parseObjectInfo(body: Json): { defs: NodeDefs; unreadable: string[] } {
  const defs = new Map<string, NodeDef>();
  const unreadable: string[] = [];
  if (!isObject(body)) throw new Error("The node catalogue of the server is not an object");
  for (const [type, info] of Object.entries(body)) {
    if (isObject(info)) defs.set(type, parseNodeDef(type, info));
    else unreadable.push(type);
  }
  return { defs, unreadable };
}

/** Whether values of a file mean something else with the one definition than with the other. */
export function readDifferently(before: NodeDef | undefined, after: NodeDef | undefined): boolean {
  const names = (def: NodeDef | undefined) =>
    def?.inputs
      .filter((input) => input.widget)
      .map((input) => input.name)
      .join("\n");
  return after !== undefined && names(before) !== names(after);
}

function parseNodeDef(type: string, info: JsonObject): NodeDef {
  const module = text(info.python_module);
  return {
    type,
    title: text(info.display_name) || type,
    category: text(info.category),
    description: text(info.description),
    aliases: isArray(info.search_aliases)
      ? info.search_aliases.filter((a): a is string => typeof a === "string")
      : [],
    inputs: parseInputs(info.input, info.input_order),
    outputs: parseOutputs(info),
    outputNode: info.output_node === true,
    deprecated: info.deprecated === true,
    devOnly: info.dev_only === true,
    experimental: info.experimental === true,
    pack: module.startsWith("custom_nodes.") ? module.slice("custom_nodes.".length) : "",
  };
}

function parseInputs(input: Json | undefined, order?: Json, prefix = ""): InputDef[] {
  if (!isObject(input)) return [];
  const result: InputDef[] = [];
  for (const section of ["required", "optional"] as const) {
    const members = input[section];
    if (!isObject(members)) continue;
    const named = isObject(order) && isArray(order[section]) ? order[section] : [];
    const names = new Set<string>([
      ...named.filter((n): n is string => typeof n === "string" && n in members),
      ...Object.keys(members),
    ]);
    for (const name of names) result.push(parseInput(prefix + name, members[name], section === "optional"));
  }
  return result;
}

function parseInput(name: string, info: Json | undefined, optional: boolean): InputDef {
  const [head, tail] = isArray(info) ? info : [info];
  const options = isObject(tail) ? tail : {};
  const list = isArray(head) ? head : undefined;
  const type = list ? "COMBO" : text(head) || "*";
  const base = {
    name,
    label: text(options.display_name) || (name.split(".").at(-1) ?? name),
    optional,
    tooltip: text(options.tooltip),
    socket: options.socketless !== true,
    advanced: options.advanced === true,
  };
  if (type === "COMFY_DYNAMICCOMBO_V3") return { ...base, ...dynamicCombo(name, options) };
  if (type === "COMFY_AUTOGROW_V3") return { ...base, ...autogrow(name, options, optional) };
  if (type === "COMFY_MATCHTYPE_V3") return { ...base, ...matching(options) };
  return { ...base, type, widget: widgetSpec(name, type, options, list) };
}

function dynamicCombo(name: string, options: JsonObject): Pick<InputDef, "type" | "widget" | "branches"> {
  const branches = new Map<string, readonly InputDef[]>();
  for (const option of isArray(options.options) ? options.options : []) {
    if (!isObject(option) || branches.has(text(option.key))) continue; // of several with one key the first counts
    branches.set(text(option.key), parseInputs(option.inputs, undefined, `${name}.`));
  }
  const widget = widgetSpec(name, "COMBO", { ...options, options: [...branches.keys()] });
  return { type: "COMBO", widget, branches };
}

function matching(options: JsonObject): Pick<InputDef, "type" | "widget" | "match"> {
  const template = isObject(options.template) ? options.template : {};
  return { type: text(template.allowed_types) || "*", widget: null, match: text(template.template_id) };
}

function autogrow(
  name: string,
  options: JsonObject,
  optional: boolean,
): Pick<InputDef, "type" | "widget" | "autogrow"> {
  const template = isObject(options.template) ? options.template : {};
  const sections = isObject(template.input) ? template.input : {};
  const [section, members] =
    Object.entries(sections).find(([, m]) => isObject(m) && Object.keys(m).length) ?? [];
  const [, first] = isObject(members) ? (Object.entries(members)[0] ?? []) : [];
  const inner = parseInput(name, first ?? "*", optional || section === "optional");
  const count = typeof template.max === "number" ? template.max : 50;
  const names = isArray(template.names)
    ? template.names.map(text)
    : Array.from({ length: count }, (_, i) => `${text(template.prefix)}${i}`);
  const min = typeof template.min === "number" ? template.min : 0;
  return {
    type: inner.type,
    widget: null,
    autogrow: { names: names.map((n) => `${name}.${n}`), min, template: inner },
  };
}

function parseOutputs(info: JsonObject): OutputDef[] {
  const types = isArray(info.output) ? info.output : [];
  return types.map((type, i) => {
    const name = isArray(info.output_name) ? text(info.output_name[i]) : "";
    const plain = isArray(type) ? "COMBO" : text(type) || "*";
    const match = isArray(info.output_matchtypes) ? text(info.output_matchtypes[i]) : "";
    return {
      name: name || plain,
      type: plain === "COMFY_MATCHTYPE_V3" ? "*" : plain,
      isList: isArray(info.output_is_list) && info.output_is_list[i] === true,
      ...(match ? { match } : {}),
    };
  });
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
