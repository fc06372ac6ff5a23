/**
 * Writes what lies on one sheet. Each thing is written as it was read, with only those members anew that say something
 * else now: what the editor does not understand, or understands differently, comes back untouched.
 */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import type { GraphDocument } from "../document";
import type { GroupRecord, LinkRecord, NodeRecord, RerouteRecord, SavedSlot, SheetId } from "../records";
import { linksByReroute } from "../rerouteChains";
import { isSide, localId } from "../sheets";
import { fileId, pair, readLink, text } from "./fields";
import { writeValues } from "./nodeValues";
import { bounding } from "./readSheet";

export interface SheetContent {
  readonly nodes: readonly JsonObject[];
  readonly links: readonly Json[];
  readonly groups: readonly JsonObject[];
  readonly reroutes: readonly JsonObject[];
  /** For links that are arrays, and so cannot say themselves which reroute they end with. */
  readonly extensions: readonly JsonObject[];
}

/** Which nodes, links and groups to write; all of them when nothing is said. */
export interface Part {
  readonly nodes: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

type Members = Record<string, Json | undefined>;

export function writeSheet(
  doc: GraphDocument,
  sheet: SheetId,
  asObjects: boolean,
  part?: Part,
): SheetContent {
  const nodes = [...doc.on(sheet, "node")].filter(
    (node) => !isSide(node.type) && (!part || part.nodes.has(node.id)),
  );
  const links = [...doc.on(sheet, "link")].filter((link) => !part || part.links.has(link.id));
  const groups = [...doc.on(sheet, "group")].filter((group) => !part || part.groups.has(group.id));
  const carried = linksByReroute(doc, sheet);
  const reroutes = [...doc.on(sheet, "reroute")].filter(
    (reroute) => !part || carried.get(reroute.id)?.some((link) => links.includes(link)),
  );
  const writer = new SheetWriter(doc, sheet, links, asObjects);
  const arrays = links.filter((link) => link.parent !== null && isArray(writer.link(link)));
  return {
    nodes: nodes.map((node, order) => writer.node(node, order)),
    links: links.map((link) => writer.link(link)),
    groups: groups.map(writeGroup),
    reroutes: reroutes.map((reroute) => writer.reroute(reroute, carried.get(reroute.id) ?? [])),
    extensions: arrays.map((link) => ({
      id: writer.file(link.id),
      parentId: writer.file(link.parent ?? ""),
    })),
  };
}

class SheetWriter {
  private readonly outgoing = new Map<string, LinkRecord[]>();
  private readonly written: ReadonlySet<LinkRecord>;
  private readonly slots = new Map<string, readonly string[]>();

  constructor(
    private readonly doc: GraphDocument,
    private readonly sheet: SheetId,
    links: readonly LinkRecord[],
    private readonly asObjects: boolean,
  ) {
    this.written = new Set(links);
    for (const link of links) {
      const key = `${link.from}\n${link.output}`;
      this.outgoing.set(key, [...(this.outgoing.get(key) ?? []), link]);
    }
  }

  file(id: string): number | string {
    return fileId(localId(id, this.sheet));
  }

  node(node: NodeRecord, order: number): JsonObject {
    const { raw } = node;
    const isNew = raw.id === undefined;
    const { x, y } = node.pos;
    const { w, h } = node.size;
    const first = { id: this.file(node.id), type: node.type, pos: [x, y], size: [w, h], flags: {}, order };
    const members: Members = isNew ? { ...first, mode: node.mode, ...raw } : { ...raw };
    if (raw.type !== node.type) members.type = node.type;
    if (isNew || !same(pair(raw.pos), [x, y])) members.pos = [x, y];
    if (isNew || !same(pair(raw.size), [w, h])) members.size = [w, h];
    writeFlags(node, members);
    if ((typeof raw.mode === "number" ? raw.mode : 0) !== node.mode) members.mode = node.mode;
    for (const key of ["title", "color", "bgcolor"] as const)
      if (text(raw[key]) !== node[key]) members[key] = node[key] ?? undefined;
    const inputs = this.inputs(node, isNew);
    const outputs = this.outputs(node, isNew);
    if (isNew || isArray(raw.inputs) || inputs.length) members.inputs = inputs;
    if (isNew || isArray(raw.outputs) || outputs.length) members.outputs = outputs;
    this.values(node, members);
    return members;
  }

  private values(node: NodeRecord, members: Members): void {
    const { widgets_values: old, widgets_values_named: named } = node.raw;
    const values = writeValues(node, this.doc);
    if (values === undefined || values === old) return;
    members.widgets_values = values;
    if (isObject(named)) members.widgets_values_named = { ...named, ...node.values };
  }

  /** The saved slots in their order, then the sockets and linked widgets that the file did not have. */
  private inputNames(node: NodeRecord, isNew: boolean): readonly string[] {
    const known = this.slots.get(node.id);
    if (known) return known;
    const names = node.inputs.map((slot) => slot.name);
    const shape = this.doc.shape(node.id);
    const isInstance = shape?.status === "subgraph";
    const linked = (name: string) => this.doc.linkInto(node.id, name) !== undefined;
    for (const { name } of shape?.sockets ?? [])
      if (!names.includes(name) && (isNew || isInstance || linked(name))) names.push(name);
    for (const { name, socket } of shape?.widgets ?? [])
      if (!names.includes(name) && socket && (isInstance || linked(name))) names.push(name);
    this.slots.set(node.id, names);
    return names;
  }

  private inputs(node: NodeRecord, isNew: boolean): JsonObject[] {
    return this.inputNames(node, isNew).map((name) => {
      const link = this.doc.linkInto(node.id, name);
      const id = link && this.written.has(link) ? this.file(link.id) : null;
      const saved = node.inputs.find((slot) => slot.name === name);
      if (!saved) return { ...this.newInput(node, name), link: id };
      return sameId(saved.raw.link, id) ? saved.raw : { ...saved.raw, link: id };
    });
  }

  private newInput(node: NodeRecord, name: string): JsonObject {
    const shape = this.doc.shape(node.id);
    const widget = shape?.widgets.find((one) => one.name === name);
    const socket = shape?.sockets.find((one) => one.name === name);
    return {
      name,
      type: widget?.type ?? socket?.type ?? "*",
      ...(socket?.optional && shape?.status === "known" ? { shape: 7 } : {}),
      ...(widget ? { widget: { name } } : {}),
    };
  }

  private outputs(node: NodeRecord, isNew: boolean): JsonObject[] {
    const shape = this.doc.shape(node.id)?.outputs ?? [];
    const isInstance = this.doc.definition(node.type) !== undefined;
    const used = shape.findLastIndex((_, i) => this.outgoing.has(`${node.id}\n${i}`)) + 1;
    const count = isNew || isInstance ? shape.length : used;
    return Array.from({ length: Math.max(count, node.outputs.length) }, (_, i) => {
      const saved: SavedSlot | undefined = node.outputs[i];
      const raw = saved?.raw ?? { name: shape[i]?.label ?? "", type: shape[i]?.type ?? "*" };
      const links = (this.outgoing.get(`${node.id}\n${i}`) ?? []).map((link) => this.file(link.id));
      if (saved && sameSet(raw.links, links)) return raw;
      return { ...raw, links: links.length ? links : null };
    });
  }

  link(link: LinkRecord): Json {
    const saved = link.raw === null ? null : readLink(link.raw);
    const now = {
      id: localId(link.id, this.sheet),
      from: localId(link.from, this.sheet),
      output: link.output,
      to: localId(link.to, this.sheet),
      slot: this.targetSlot(link),
      type: link.type,
    };
    const parent = link.parent === null ? null : localId(link.parent, this.sheet);
    const keys = ["id", "from", "output", "to", "slot", "type"] as const;
    const isArrayForm = saved ? isArray(link.raw) : !this.asObjects;
    const isSame = saved !== null && keys.every((key) => saved[key] === now[key]);
    if (isSame && (isArrayForm || saved.parent === parent)) return link.raw;
    const [id, from, to] = [fileId(now.id), fileId(now.from), fileId(now.to)];
    if (isArrayForm) {
      const rest = isArray(link.raw) ? link.raw.slice(6) : [];
      return [id, from, now.output, to, now.slot, now.type, ...rest];
    }
    return {
      ...(isObject(link.raw) ? link.raw : {}),
      id,
      origin_id: from,
      origin_slot: now.output,
      target_id: to,
      target_slot: now.slot,
      type: now.type,
      parentId: parent === null ? undefined : fileId(parent),
    };
  }

  private targetSlot(link: LinkRecord): number {
    const node = this.doc.node(link.to);
    if (!node) return 0;
    if (isSide(node.type))
      return this.doc.shape(node.id)?.sockets.findIndex((s) => s.name === link.input) ?? 0;
    return this.inputNames(node, node.raw.id === undefined).indexOf(link.input);
  }

  reroute({ id, pos, parent, raw }: RerouteRecord, carried: readonly LinkRecord[]): JsonObject {
    const members: Members = raw.id === undefined ? { id: this.file(id) } : { ...raw };
    if (!same(pair(raw.pos), [pos.x, pos.y]) || !isArray(raw.pos)) members.pos = [pos.x, pos.y];
    const next = parent === null ? undefined : this.file(parent);
    if (!sameId(raw.parentId, next ?? null)) members.parentId = next;
    const links = carried.filter((link) => this.written.has(link)).map((link) => this.file(link.id));
    if (!sameSet(raw.linkIds, links)) members.linkIds = links;
    return members;
  }
}

function writeFlags(node: NodeRecord, members: Members): void {
  const flags = isObject(members.flags) ? members.flags : {};
  const { collapsed, pinned } = node;
  if ((flags.collapsed === true) === collapsed && (flags.pinned === true) === pinned) return;
  members.flags = { ...flags, collapsed: collapsed || undefined, pinned: pinned || undefined };
}

function writeGroup({ title, rect, color, raw }: GroupRecord): JsonObject {
  const members: Members = { ...raw };
  const box = [rect.x, rect.y, rect.w, rect.h];
  if (String(raw.title ?? "") !== title || raw.title === undefined) members.title = title;
  if (!same(bounding(raw.bounding), box) || !isArray(raw.bounding)) members.bounding = box;
  if (text(raw.color) !== color) members.color = color ?? undefined;
  return members;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}

function sameId(a: Json | undefined, b: Json): boolean {
  return a === null || a === undefined ? b === null : b !== null && String(a) === String(b);
}

export function sameSet(saved: Json | undefined, now: readonly Json[]): boolean {
  const before = isArray(saved) ? saved.map(String) : [];
  const ids = new Set(before);
  return before.length === now.length && now.every((id) => ids.has(String(id)));
}
