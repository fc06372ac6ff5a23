/** `app.graph`: the open document as litegraph's code asks for it. */
import type { GraphDocument } from "../../graph/document";
import { removeNodes } from "../../graph/edit";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import type { GroupRecord } from "../../graph/records";
import { isObject, type Json } from "../../lib/json";
import type { LegacyApp } from "./app";
import { LegacyNode } from "./node";
import { type LegacyLink, legacyLink, outerId } from "./slots";
import type { LegacyWorld } from "./world";

export class LegacyGraph {
  app: LegacyApp | null = null;
  onNodeAdded: ((node: LegacyNode) => void) | null = null;
  onNodeRemoved: ((node: LegacyNode) => void) | null = null;
  onConfigure: ((data: unknown) => void) | null = null;
  config = {};

  constructor(private readonly world: LegacyWorld) {}

  private get doc(): GraphDocument {
    return this.world.doc;
  }

  get _nodes(): LegacyNode[] {
    return this.nodes;
  }

  /** Of the sheet that is open. */
  get nodes(): LegacyNode[] {
    return this.world.nodes.filter((node) => this.doc.isHere(node.key));
  }

  get _nodes_by_id(): Record<string, LegacyNode> {
    return Object.fromEntries(this.world.nodes.map((node) => [node.key, node]));
  }

  /** By id as an object has it, and with the methods of a map. */
  get links(): Record<string, LegacyLink> & Pick<Map<string, LegacyLink>, "get" | "values"> {
    const found = Object.fromEntries(
      [...this.doc.links()].map((link) => [link.id, legacyLink(this.doc, link)]),
    );
    const methods = {
      get: (id: unknown) => found[String(id)],
      values: () => Object.values(found)[Symbol.iterator](),
      [Symbol.iterator]: () => Object.entries(found)[Symbol.iterator](),
    };
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(found, name, { value, enumerable: false });
    return found as never;
  }

  get _links(): LegacyGraph["links"] {
    return this.links;
  }

  getLink(id: number | string | null): LegacyLink | undefined {
    const link = this.doc.link(String(id));
    return link && legacyLink(this.doc, link);
  }

  get groups(): object[] {
    return [...this.doc.groups()].map((group) => legacyGroup(group, this.world));
  }

  get _groups(): object[] {
    return this.groups;
  }

  get extra(): object {
    const { extra } = this.doc.root;
    return isObject(extra) ? extra : {};
  }
  set extra(extra: object) {
    this.doc.root = { ...this.doc.root, extra: extra as Json };
  }

  get last_node_id(): number {
    return Math.max(0, ...this.world.nodes.map((node) => Number(node.key) || 0));
  }

  get isRootGraph(): boolean {
    return true;
  }

  get rootGraph(): this {
    return this;
  }

  getNodeById(id: number | string | null | undefined): LegacyNode | null {
    return id === null || id === undefined ? null : this.world.node(id);
  }

  findNodesByType(type: string): LegacyNode[] {
    return this.nodes.filter((node) => node.type.toLowerCase() === type.toLowerCase());
  }

  findNodesByTitle(title: string): LegacyNode[] {
    return this.nodes.filter((node) => node.title === title);
  }

  findNodeByTitle(title: string): LegacyNode | null {
    return this.findNodesByTitle(title)[0] ?? null;
  }

  findNodesByClass(Class: typeof LegacyNode): LegacyNode[] {
    return this.nodes.filter((node) => node instanceof Class);
  }

  getNodeOnPos(x: number, y: number): LegacyNode | null {
    const inside = (node: LegacyNode) => {
      const frame = this.world.frame(node);
      return frame && x >= frame.x && x <= frame.x + frame.w && y >= frame.y && y <= frame.y + frame.h;
    };
    return this.nodes.findLast(inside) ?? null;
  }

  add(node: unknown): unknown {
    if (node instanceof LegacyNode) this.world.add(node);
    return node;
  }

  remove(node: unknown): void {
    if (node instanceof LegacyNode) this.world.asEdit("Delete", () => removeNodes(this.doc, [node.key]));
  }

  clear(): void {
    this.world.asEdit("Clear", () =>
      removeNodes(
        this.doc,
        [...this.doc.nodes()].map((node) => node.id),
      ),
    );
  }

  serialize(): Json {
    return writeWorkflow(this.doc);
  }

  asSerialisable(): Json {
    return this.serialize();
  }

  configure(file: Json): void {
    this.app?.loadGraphData(file);
  }

  change(): void {
    this.world.settleSoon();
  }

  setDirtyCanvas(): void {
    this.world.settleSoon();
  }

  /** Between these two litegraph gathers one step of undo; here each edit is whole in itself. */
  beforeChange(): void {}
  afterChange(): void {}

  /** Nodes do not compute in the page; what is asked for here is an order that packs use to walk the graph. */
  computeExecutionOrder(): LegacyNode[] {
    return this.nodes;
  }

  arrange(): void {}
  runStep(): void {}
  start(): void {}
  stop(): void {}
}

function legacyGroup(group: GroupRecord, world: LegacyWorld): object {
  const { x, y, w, h } = group.rect;
  const inside = (node: LegacyNode) => {
    const [px, py] = node.pos;
    return px >= x && px <= x + w && py >= y && py <= y + h;
  };
  return {
    id: outerId(group.id),
    title: group.title,
    color: group.color ?? "",
    pos: [x, y],
    size: [w, h],
    _bounding: [x, y, w, h],
    bounding: [x, y, w, h],
    get _nodes() {
      return world.nodes.filter(inside);
    },
    get nodes() {
      return world.nodes.filter(inside);
    },
    recomputeInsideNodes() {},
  };
}
