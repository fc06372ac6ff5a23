/** Whatever one does, on whichever sheet: the document stays whole, undo gives back the start, redo the end. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseJson, stringifyJson } from "../lib/json";
import { copyNodes, pasteNodes } from "./clipboard";
import { nextValue } from "./controls";
import type { GraphDocument } from "./document";
import {
  addNode,
  connect,
  disconnect,
  moveBy,
  removeNodes,
  resizeNode,
  setCollapsed,
  setTitle,
  setValue,
  toggleMode,
} from "./edit";
import { toApiPrompt } from "./formats/apiPrompt";
import { ConversionFailed } from "./formats/promptScopes";
import { writeWorkflow } from "./formats/writeWorkflow";
import { addGroup, removeGroups, setGroupTitle } from "./groups";
import { addPort, removePort, renamePort } from "./ports";
import { type NodeRecord, ROOT } from "./records";
import { chainOf } from "./rerouteChains";
import { addReroute, removeReroutes, straighten } from "./reroutes";
import { isSide } from "./sheets";
import { insertInLink, removeAndReconnect } from "./splice";
import { addInstance, contains, convertToSubgraph, renameSubgraph, unpackSubgraph } from "./subgraphs";
import { defaultDocument, defs, openDocument } from "./testing";

interface Hand {
  readonly doc: GraphDocument;
  readonly a: number;
  readonly b: number;
  readonly first: NodeRecord;
  readonly second: NodeRecord;
}

const TYPES = [...defs.keys(), "Reroute", "Note", "PrimitiveNode", "Nobody's"];

function pick<T>(list: readonly T[], at: number): T | undefined {
  return list[at % Math.max(1, list.length)];
}

const inputsOf = (doc: GraphDocument, id: string) => {
  const shape = doc.shape(id);
  return [...(shape?.sockets ?? []), ...(shape?.widgets.filter((widget) => widget.socket) ?? [])];
};

const EDITS: Readonly<Record<string, (hand: Hand) => void>> = {
  add: ({ doc, a, b }) => void addNode(doc, pick(TYPES, a) ?? "", { x: a, y: b }),
  remove: ({ doc, first }) => removeNodes(doc, [first.id]),
  removeAndReconnect: ({ doc, first, second }) => removeAndReconnect(doc, [first.id, second.id]),
  move: ({ doc, a, b, first, second }) => moveBy(doc, [first.id, second.id], { x: a, y: b }),
  resize: ({ doc, a, b, first }) => resizeNode(doc, first.id, { w: a, h: b }),
  collapse: ({ doc, a, first }) => setCollapsed(doc, first.id, a % 2 === 0),
  title: ({ doc, a, first }) => setTitle(doc, first.id, `Title ${a}`),
  mode: ({ doc, a, first }) => toggleMode(doc, [first.id], a % 2 ? 2 : 4, "Mode"),
  value: ({ doc, a, b, first }) => {
    const widget = pick(doc.shape(first.id)?.widgets ?? [], a);
    if (!widget) return;
    const next = widget.spec.kind === "combo" ? pick(widget.spec.options, b) : undefined;
    setValue(doc, first.id, widget.name, next ?? nextValue(widget.spec, b, "increment", () => 0.5));
  },
  connect: ({ doc, a, b, first, second }) => {
    const input = pick(inputsOf(doc, second.id), b)?.name;
    if (input !== undefined) connect(doc, { node: first.id, output: a % 4 }, { node: second.id, input });
  },
  disconnect: ({ doc, a }) => {
    const link = pick([...doc.links()], a);
    if (link) disconnect(doc, link);
  },
  insert: ({ doc, a }) => {
    const link = pick([...doc.links()], a);
    if (link && !isSide(doc.node(link.from)?.type ?? "")) insertInLink(doc, link, "Reroute", { x: 0, y: 0 });
  },
  group: ({ doc, a, b }) => void addGroup(doc, `Group ${a}`, { x: a, y: b, w: 200, h: 200 }),
  renameGroup: ({ doc, a }) => {
    const group = pick([...doc.groups()], a);
    if (group) setGroupTitle(doc, group.id, `Named ${a}`);
  },
  ungroup: ({ doc }) =>
    removeGroups(
      doc,
      [...doc.groups()].slice(0, 1).map(({ id }) => id),
    ),
  paste: ({ doc, a, first, second }) => {
    const groups = new Set([...doc.groups()].map(({ id }) => id));
    pasteNodes(doc, copyNodes(doc, new Set([first.id, second.id]), groups), { withLinks: a % 2 === 0 });
  },
  reroute: ({ doc, a, b }) => {
    const link = pick([...doc.links()], a);
    if (link) addReroute(doc, link, { x: a, y: b }, b % 3);
  },
  branch: ({ doc, a, b, second }) => {
    const reroute = pick([...doc.reroutes()], a);
    const link = [...doc.links()].find((one) => reroute && chainOf(doc, one.parent).includes(reroute));
    const input = pick(inputsOf(doc, second.id), b)?.name;
    if (!reroute || !link || input === undefined) return;
    connect(doc, { node: link.from, output: link.output }, { node: second.id, input }, reroute.id);
  },
  removeReroute: ({ doc, a }) => removeReroutes(doc, [pick([...doc.reroutes()], a)?.id ?? ""]),
  straighten: ({ doc }) => straighten(doc, [...doc.links()].slice(0, 2)),
  convert: ({ doc, a, first, second }) => {
    const groups = new Set([...doc.groups()].slice(0, a % 2).map(({ id }) => id));
    convertToSubgraph(doc, { nodes: new Set([first.id, second.id]), groups }, `Sub ${a}`);
  },
  unpack: ({ doc, first }) => void unpackSubgraph(doc, first.id),
  instance: ({ doc, a }) => void addInstance(doc, pick([...doc.definitions()], a)?.id ?? "", { x: a, y: 0 }),
  enter: ({ doc, a }) => {
    const instances = [...doc.nodes()].filter(({ type }) => doc.definition(type));
    doc.goTo([...doc.path, pick(instances, a)?.id ?? ""]);
  },
  leave: ({ doc }) => doc.goTo(doc.path.slice(0, -1)),
  port: ({ doc, a }) => void addPort(doc, doc.sheet, a % 2 ? "inputs" : "outputs", "p", "IMAGE"),
  removePort: ({ doc, a, b }) => {
    const side = a % 2 ? "inputs" : "outputs";
    const definition = pick([...doc.definitions()], b);
    if (definition) removePort(doc, definition.id, side, pick(definition[side], b)?.name ?? "");
  },
  renamePort: ({ doc, a }) => {
    const definition = doc.definition(doc.sheet);
    if (definition) renamePort(doc, definition.id, "inputs", pick(definition.inputs, a)?.name ?? "", `L${a}`);
  },
  rename: ({ doc, a }) => renameSubgraph(doc, pick([...doc.definitions()], a)?.id ?? "", `N${a}`),
};

const snapshot = (doc: GraphDocument) => {
  const { last_node_id: _n, last_link_id: _l, ...file } = writeWorkflow(doc);
  return stringifyJson(file);
};

function expectWhole(doc: GraphDocument): void {
  for (const record of doc.store.all()) {
    const sheet = record.kind === "sheet" ? record.id : record.sheet;
    expect(sheet === ROOT || doc.definition(sheet)).toBeTruthy();
    if (record.kind === "link") {
      const [from, to] = [doc.node(record.from), doc.node(record.to)];
      expect([from?.sheet, to?.sheet]).toEqual([record.sheet, record.sheet]);
      expect(doc.linkInto(record.to, record.input)).toBe(record);
      if (record.parent !== null) expect(doc.reroute(record.parent)?.sheet).toBe(record.sheet);
    }
    if (record.kind === "reroute" && record.parent !== null)
      expect(doc.reroute(record.parent)?.sheet).toBe(record.sheet);
    if (record.kind === "node" && doc.definition(record.type))
      expect(contains(doc, record.type, record.sheet)).toBe(false);
  }
  const carrying = [...doc.links()].flatMap((link) => chainOf(doc, link.parent));
  for (const reroute of doc.reroutes()) expect(carrying).toContain(reroute);
}

it("any series of edits leaves the document whole, is read back as it was written, undone and done again", () => {
  const edit = fc.record({ kind: fc.constantFrom(...Object.keys(EDITS)), a: fc.nat(40), b: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 30 }), (edits) => {
      const doc = defaultDocument();
      const before = snapshot(doc);
      for (const { kind, a, b } of edits) {
        const nodes = [...doc.nodes()];
        const [first, second] = [pick(nodes, a), pick(nodes, b)];
        if (first && second) EDITS[kind]?.({ doc, a, b, first, second });
        else doc.goTo([]);
        expectWhole(doc);
      }
      const after = snapshot(doc);
      const written = parseJson(stringifyJson(writeWorkflow(doc)));
      const copy = openDocument(written);
      expect(writeWorkflow(copy)).toEqual(written);
      expect(promptOf(copy)).toEqual(promptOf(doc));
      let steps = 0;
      while (doc.store.undo()) steps++;
      expect(snapshot(doc)).toBe(before);
      for (let i = 0; i < steps; i++) doc.store.redo();
      expect(snapshot(doc)).toBe(after);
    }),
    { numRuns: 80 },
  );
});

function promptOf(doc: GraphDocument): unknown {
  try {
    return toApiPrompt(doc, { random: () => 0 });
  } catch (error) {
    expect(error).toBeInstanceOf(ConversionFailed);
    return null;
  }
}
