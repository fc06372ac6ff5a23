/** Reads an API-format prompt into a document and lays the nodes out in columns, from sources to results. */
import { isArray, isObject, type Json } from "../../lib/json";
import type { DocumentContent } from "../document";
import type { NodeDefs } from "../nodeDefs";
import { type ControlMode, type GraphRecord, type LinkRecord, type NodeRecord, ROOT } from "../records";

const COLUMN = 380;
const GAP = 60;

export function isApiPrompt(file: Json): boolean {
  if (!isObject(file)) return false;
  const nodes = Object.values(file);
  return nodes.length > 0 && nodes.every((node) => isObject(node) && typeof node.class_type === "string");
}

export function readPrompt(file: Json, defs: NodeDefs): DocumentContent {
  const entries = Object.entries(isObject(file) ? file : {}).filter(([, node]) => isObject(node));
  const ids = new Set(entries.map(([id]) => id));
  const links: LinkRecord[] = [];
  const nodes: NodeRecord[] = [];
  for (const [id, node] of entries) {
    if (!isObject(node)) continue;
    const values: Record<string, Json> = {};
    for (const [name, value] of Object.entries(isObject(node.inputs) ? node.inputs : {})) {
      const target = isArray(value) && value.length === 2 ? String(value[0]) : "";
      if (isArray(value) && ids.has(target) && typeof value[1] === "number") {
        const origin = entries.find(([other]) => other === target)?.[1];
        const def = isObject(origin) ? defs.get(String(origin.class_type)) : undefined;
        const type = def?.outputs[value[1]]?.type ?? "*";
        const ends = { from: target, output: value[1], to: id, input: name };
        const link = { id: String(links.length + 1), sheet: ROOT, ...ends, type, parent: null, raw: null };
        links.push({ kind: "link", ...link });
      } else if (value !== undefined) {
        values[name] = isObject(value) && "__value__" in value ? (value.__value__ ?? null) : value;
      }
    }
    nodes.push(makeNode(id, String(node.class_type ?? ""), titleOf(node._meta), values, links, defs));
  }
  const records: GraphRecord[] = [...layOut(nodes, links, defs), ...links];
  return { root: { revision: 0, config: {}, extra: {} }, records };
}

function titleOf(meta: Json | undefined): string | null {
  return isObject(meta) && typeof meta.title === "string" ? meta.title : null;
}

function makeNode(
  id: string,
  type: string,
  title: string | null,
  given: Record<string, Json>,
  links: readonly LinkRecord[],
  defs: NodeDefs,
): NodeRecord {
  const def = defs.get(type);
  const values = { ...given };
  const controls: Record<string, ControlMode> = {};
  for (const { name, widget } of def?.inputs ?? []) {
    if (!widget) continue;
    if (!(name in values)) values[name] = widget.default;
    // What was asked for is what should come out again.
    if (widget.control) controls[name] = "fixed";
  }
  // Without a definition the links are all that is known of the inputs.
  const inputs = def ? [] : links.filter((link) => link.to === id).map((link) => slot(link.input, link.type));
  return {
    kind: "node",
    id,
    sheet: ROOT,
    type,
    title: title === def?.title ? null : title,
    pos: { x: 0, y: 0 },
    size: { w: 0, h: 0 },
    mode: 0,
    collapsed: false,
    pinned: false,
    color: null,
    bgcolor: null,
    values,
    controls,
    inputs,
    outputs: [],
    raw: { properties: { "Node name for S&R": type } },
  };
}

function slot(name: string, type: string): NodeRecord["inputs"][number] {
  return { name, type, raw: { name, type } };
}

function layOut(nodes: readonly NodeRecord[], links: readonly LinkRecord[], defs: NodeDefs): NodeRecord[] {
  const column = new Map<string, number>();
  const depth = (id: string, path: ReadonlySet<string>): number => {
    const known = column.get(id);
    if (known !== undefined) return known;
    const sources = links.filter((link) => link.to === id && !path.has(link.from));
    const value = sources.reduce(
      (max, link) => Math.max(max, depth(link.from, new Set([...path, id])) + 1),
      0,
    );
    column.set(id, value);
    return value;
  };
  const bottoms = new Map<number, number>();
  return nodes.map((node) => {
    const x = depth(node.id, new Set());
    const y = bottoms.get(x) ?? 0;
    bottoms.set(x, y + estimateHeight(node, defs) + GAP);
    return { ...node, pos: { x: x * COLUMN, y } };
  });
}

function estimateHeight(node: NodeRecord, defs: NodeDefs): number {
  const def = defs.get(node.type);
  const inputs = def?.inputs ?? [];
  const rows = Math.max(inputs.filter((input) => !input.widget).length, def?.outputs.length ?? 0);
  const widgets = inputs.filter((input) => input.widget);
  const tall = widgets.filter((input) => input.widget?.kind === "text" && input.widget.multiline).length;
  return 60 + 24 * rows + 28 * widgets.length + 80 * tall + (def?.outputNode ? 200 : 0);
}
