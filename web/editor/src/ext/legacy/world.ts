/** The nodes of the open document as objects, made when nodes appear and forgotten when they go. */
import type { Editor } from "../../actions/editor";
import { frameOf, layOutNode, NO_EXTRAS, type NodeLayout } from "../../canvas/nodeLayout";
import { GraphDocument } from "../../graph/document";
import { addNode } from "../../graph/edit";
import { placesOf } from "../../graph/formats/places";
import { writeSheet } from "../../graph/formats/writeSheet";
import type { NodeId, NodeRecord } from "../../graph/records";
import type { Point } from "../../lib/geometry";
import { isArray, isObject, type Json } from "../../lib/json";
import { guarded } from "../guard";
import { carryOver, fillAdded } from "./carry";
import { isDrawing, repaint } from "./domWidget";
import { invoke } from "./extensions";
import { LegacyNode } from "./node";
import { type Binding, bound } from "./nodeState";
import { outerId } from "./slots";

export type NodeClass = (new (title?: string) => LegacyNode) & typeof LegacyNode;

const SETTLE_DELAY = 30;

export type WidgetMaker = (node: LegacyNode, name: string, data: unknown, app: unknown) => unknown;

export class LegacyWorld {
  readonly classes = new Map<string, NodeClass>();
  /** Nodes that were made and not added to the graph yet live here. */
  readonly scratch: GraphDocument;
  /** By type: what makes a widget for an input of the definition. */
  readonly widgetMakers = new Map<string, WidgetMaker>();
  graph: unknown = null;
  canvas: unknown = null;
  /** Set while code of packs changes the document: its own callbacks are not called for that. */
  writing = 0;
  private editing = 0;
  private nodes_ = new Map<NodeId, LegacyNode>();
  private readonly scratched = new Map<NodeId, LegacyNode>();
  private settling = false;
  private readonly pictures = new Map<string, HTMLImageElement>();

  constructor(readonly editor: Editor) {
    this.scratch = new GraphDocument(editor.doc.defs);
  }

  get doc(): GraphDocument {
    return this.editor.doc;
  }

  get nodes(): LegacyNode[] {
    return [...this.nodes_.values()].filter((node) => node.record);
  }

  node(id: string | number): LegacyNode | null {
    return this.nodes_.get(String(id)) ?? null;
  }

  forgetAll(): void {
    this.nodes_ = new Map();
  }

  forget(id: NodeId): LegacyNode | undefined {
    const node = this.nodes_.get(id);
    this.nodes_.delete(id);
    return node;
  }

  // --- making nodes ---

  /** Objects for nodes that are in the document. Those that come from a file are configured, as litegraph says. */
  adopt(records: readonly NodeRecord[], fromFile: boolean): void {
    const made: LegacyNode[] = [];
    this.quietly(this.doc, () => {
      for (const record of records) {
        const node = this.make(this.doc, record);
        this.nodes_.set(record.id, node);
        if (fromFile || isArray(record.raw.widgets_values)) this.configure(node, record);
        carryOver(node);
        made.push(node);
      }
    });
    for (const node of made) {
      if (!fromFile) continue;
      invoke("loadedGraphNode", node, this.app);
      node.tell("onAfterGraphConfigured");
    }
  }

  get app(): unknown {
    return (this.graph as { app?: unknown } | null)?.app;
  }

  private make(doc: GraphDocument, record: NodeRecord): LegacyNode {
    const Class = this.classes.get(record.type) ?? (LegacyNode as NodeClass);
    const blank = { ...record, inputs: [], outputs: [] };
    if (record.inputs.length || record.outputs.length) doc.transact("Make node", (tx) => tx.put(blank));
    const node = this.construct(Class, { world: this, doc, key: record.id });
    this.makeCustomWidgets(node);
    invoke("nodeCreated", node, this.app);
    node.tell("onNodeCreated");
    return node;
  }

  /** A class that cannot be made still leaves a node that can be looked at. */
  private construct(Class: NodeClass, to: Binding): LegacyNode {
    const pack = this.editor.doc.defs.get(Class.type)?.pack ?? null;
    const made = guarded(`making ${Class.type}`, pack, () => bound(to, () => new Class()));
    return made ?? bound(to, () => new LegacyNode());
  }

  /** For inputs of types that packs bring widgets for. */
  private makeCustomWidgets(node: LegacyNode): void {
    for (const input of node.doc.defs.get(node.type)?.inputs ?? []) {
      const make = this.widgetMakers.get(input.type);
      if (!make) continue;
      const data = inputData((node.constructor as typeof LegacyNode).nodeData, input.name);
      guarded(`the widget ${input.type}`, node.pack, () => make(node, input.name, data, this.app));
    }
  }

  /** What the file says wins over what the code of the class has set up. */
  private configure(node: LegacyNode, record: NodeRecord): void {
    const now = node.record;
    if (!now) return;
    const { inputs, outputs, values, controls, title, size, pos, raw } = record;
    const said = { inputs, outputs, title, size, pos, raw, controls, values: { ...now.values, ...values } };
    node.patch(said);
    const properties = isObject(raw.properties) ? (JSON.parse(JSON.stringify(raw.properties)) as object) : {};
    Object.assign(node.properties, properties);
    node.pull();
    carryOver(node);
    const stored = isArray(raw.widgets_values) ? raw.widgets_values : [];
    const def = this.doc.defs.get(record.type);
    for (const widget of node.widgets) {
      const value = values[widget.name];
      if (this.widgetMakers.has(def?.inputs.find((input) => input.name === widget.name)?.type ?? ""))
        widget.value = value ?? widget.value;
    }
    fillAdded(node, def ? stored.slice(placesOf(record.type, def, values).length) : stored);
    node.tell("onConfigure", this.serialized(node));
    for (const [i, slot] of node.inputs.entries())
      if (slot.link !== null) node.tell("onConnectionsChange", 1, i, true, node.getInputLink(i), slot);
  }

  /** A node that is nowhere yet. */
  createNode(type: string, title?: string): LegacyNode | null {
    if (!this.scratch.defs.has(type) && !this.classes.has(type)) return null;
    const id = addNode(this.scratch, type, { x: 0, y: 0 });
    const record = this.scratch.node(id);
    if (!record) return null;
    const node = this.make(this.scratch, record);
    this.scratched.set(id, node);
    if (title) node.title = title;
    return node;
  }

  /** Puts a node that was made with `createNode` into the open document. */
  add(node: LegacyNode): void {
    if (node.doc !== this.scratch) return;
    carryOver(node);
    const made = node.record;
    const decoration = this.scratch.decoration(node.key);
    if (!made) return;
    this.scratched.delete(node.key);
    this.quietly(this.doc, () => {
      const id = addNode(this.doc, made.type, made.pos);
      this.nodes_.set(id, node);
      node.doc = this.doc;
      node.key = id;
      const { kind, id: _, pos, type, ...rest } = made;
      node.patch(rest);
    });
    if (decoration) this.doc.decorate(node.key, decoration);
    node.pull();
    node.tell("onAdded", this.graph);
  }

  // --- edits ---

  /** Not a step of undo, unless it is part of one. */
  quietly(doc: GraphDocument, edit: () => void): void {
    this.writing++;
    try {
      if (this.editing || this.writing > 1) edit();
      else doc.store.applyOutsideHistory(edit);
    } finally {
      this.writing--;
    }
  }

  /** Everything that the code does at once is one step of undo. */
  asEdit<T>(label: string, code: () => T): T {
    if (this.editing || this.writing) return code();
    let result: T | undefined;
    this.editing++;
    this.writing++;
    try {
      this.doc.transact(label, () => {
        result = code();
        for (const node of this.nodes) carryOver(node);
      });
    } finally {
      this.editing--;
      this.writing--;
    }
    return result as T;
  }

  /** Carries over what packs have done, once they are done. */
  settleSoon(node?: LegacyNode): void {
    if (isDrawing()) return;
    repaint();
    if (node && node.doc === this.doc) queueMicrotask(() => this.quietly(this.doc, () => carryOver(node)));
    if (this.settling || node?.doc === this.scratch) return;
    this.settling = true;
    // Code of packs may have changed any node; looking at all of them waits until much can be seen to at once.
    setTimeout(() => {
      this.settling = false;
      this.settle();
    }, SETTLE_DELAY);
  }

  settle(): void {
    this.quietly(this.doc, () => {
      for (const one of this.nodes) carryOver(one);
    });
  }

  // --- what is seen ---

  layout(node: LegacyNode): NodeLayout | undefined {
    if (node.doc === this.doc) {
      const seen = this.editor.engine?.scene.layout(node.key);
      if (seen) return seen;
    }
    return this.least(node, node.record?.size);
  }

  /** The layout without anything to spare. */
  least(node: LegacyNode, size: NodeRecord["size"] = { w: 0, h: 0 }): NodeLayout | undefined {
    const [record, shape] = [node.record, node.doc.shape(node.key)];
    return record && shape && layOutNode({ ...record, collapsed: false }, shape, NO_EXTRAS, size);
  }

  frame(node: LegacyNode): { x: number; y: number; w: number; h: number } | undefined {
    const [record, layout] = [node.record, this.layout(node)];
    return record && layout && frameOf(record.pos as Point, layout);
  }

  serialized(node: LegacyNode): Json {
    const part = { nodes: new Set([node.key]), links: new Set<string>(), groups: new Set<string>() };
    const sheet = node.record?.sheet ?? node.doc.sheet;
    return writeSheet(node.doc, sheet, false, part).nodes[0] ?? { id: outerId(node.key) };
  }

  imagesOf(id: NodeId): HTMLImageElement[] | undefined {
    const { images } = this.editor.status.get(id);
    if (!images.length) return undefined;
    return images.map((file) => this.picture(this.editor.api.viewUrl(file)));
  }

  private picture(url: string): HTMLImageElement {
    const known = this.pictures.get(url);
    if (known) return known;
    const image = new Image();
    image.src = url;
    this.pictures.set(url, image);
    return image;
  }
}

/** `[type, options]` of an input, as the server describes it. */
function inputData(nodeData: unknown, name: string): unknown {
  const { input } = (nodeData ?? {}) as { input?: Record<string, Record<string, unknown> | undefined> };
  return input?.required?.[name] ?? input?.optional?.[name] ?? ["*", {}];
}
