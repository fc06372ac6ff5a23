/**
 * Group nodes of old files (`workflow/Name`, described in `extra.groupNodes`) become subgraphs as the file is read: a
 * definition for each group, and on each of its nodes the links and values that were there.
 */

import { randomUuid } from "../../lib/ids";
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { NodeDefs } from "../nodeDefs";
import { definitionsIn, objects, omit, text, typeName } from "./fields";
import { type Group, readGroup } from "./readGroup";

const [FROM_OUTSIDE, TO_OUTSIDE] = [-10, -20];

/** The same file where there are none. */
export function openGroupNodes(file: JsonObject, defs: NodeDefs): JsonObject {
  const extra = isObject(file.extra) ? file.extra : {};
  const kept = isObject(extra.groupNodes) ? extra.groupNodes : {};
  const nodes = objects(file.nodes);
  const groupOf = (node: JsonObject) => /^workflow[>/](.*)$/s.exec(text(node.type) ?? "")?.[1] ?? "";
  const names = new Set(nodes.map(groupOf).filter((name) => isObject(kept[name])));
  if (!names.size) return file;
  let last = Math.max(Number(file.last_node_id) || 0, ...nodes.map(({ id }) => Number(id) || 0));
  const groups = new Map<string, Group & { readonly id: string }>();
  for (const name of names) {
    const instances = nodes.filter((node) => groupOf(node) === name);
    const group = readGroup(kept[name] as JsonObject, last, instances, defs);
    groups.set(name, { ...group, id: randomUuid() });
    last += group.nodes.length;
  }
  return {
    ...file,
    last_node_id: last,
    nodes: nodes.map((node) => {
      const group = groups.get(groupOf(node));
      return group ? { ...instanceOf(node, group), type: group.id } : node;
    }),
    definitions: {
      ...(isObject(file.definitions) ? file.definitions : {}),
      subgraphs: [
        ...definitionsIn(file),
        ...[...groups].map(([name, group]) => ({ ...definitionOf(group), id: group.id, name })),
      ],
    },
    extra: { ...omit(extra, new Set(["groupNodes"])), ...unused(kept, names) },
  };
}

function unused(kept: JsonObject, names: ReadonlySet<string>): JsonObject {
  const rest = omit(kept, names);
  return Object.keys(rest).length ? { groupNodes: rest } : {};
}

function definitionOf({ nodes, links, ports, results }: Group): JsonObject {
  const inputs = nodes.map((node) =>
    objects(node.inputs).map((input): JsonObject => ({ ...input, link: null })),
  );
  const table: JsonObject[] = [];
  const connect = (from: Json, output: number, to: Json, slot: number, type: string) => {
    const id = table.length + 1;
    table.push({ id, origin_id: from, origin_slot: output, target_id: to, target_slot: slot, type });
    return id;
  };
  const feed = (node: number, slot: number, id: number) => {
    const list = inputs[node] as JsonObject[];
    list[slot] = { ...list[slot], link: id };
  };
  const idOf = (node: number): Json => nodes[node]?.id ?? null;
  for (const { from, output, to, slot } of links) {
    const type = typeName(inputs[to]?.[slot]?.type);
    feed(to, slot, connect(idOf(from), output, idOf(to), slot, type));
  }
  const shownInputs = ports.map(({ name, type, node, slot }, i) => {
    const id = connect(FROM_OUTSIDE, i, idOf(node), slot, type);
    feed(node, slot, id);
    return { id: randomUuid(), name, type, linkIds: [id] };
  });
  const shownOutputs = results.map(({ name, type, node, output }, i) => {
    const id = connect(idOf(node), output, TO_OUTSIDE, i, type);
    return { id: randomUuid(), name, type, linkIds: [id] };
  });
  return {
    version: 1,
    revision: 0,
    inputNode: { id: FROM_OUTSIDE },
    outputNode: { id: TO_OUTSIDE },
    inputs: shownInputs,
    outputs: shownOutputs,
    nodes: nodes.map((node, i) => ({ ...node, inputs: inputs[i] ?? [] })),
    links: table,
    groups: [],
    extra: {},
  };
}

/** The values stand in the order of the widgets, one after the other for all nodes of the group. */
function instanceOf(node: JsonObject, { ports, widgets, nodes }: Group): JsonObject {
  const before = objects(node.inputs);
  const names = new Set(ports.map(({ name }) => name));
  const inputs = ports.map(({ name, type, widget }, i): JsonObject => {
    // What the person has called otherwise meanwhile is told by its place.
    const beside = before[i];
    const stray = beside && !names.has(String(beside.name)) && typeName(beside.type) === type ? beside : null;
    const old = before.find((input) => input.name === name) ?? stray;
    return { name, type, link: old?.link ?? null, ...(widget && { widget: { name } }) };
  });
  const stored = isArray(node.widgets_values) ? node.widgets_values : [];
  const shown = widgets.flatMap((place, i) => (place.kind === "value" ? [{ ...place, i }] : []));
  const entries = shown.map((place): Json => {
    const port = ports.find((one) => one.widget && one.node === place.node && one.input === place.input);
    return port ? ["-1", port.name] : [String(nodes[place.node]?.id), place.input];
  });
  const properties = isObject(node.properties) ? node.properties : {};
  return {
    ...node,
    inputs,
    widgets_values: shown.map(({ i }) => stored[i] ?? null),
    properties: { ...properties, proxyWidgets: entries },
  };
}
