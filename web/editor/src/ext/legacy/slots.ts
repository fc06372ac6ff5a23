/** Slots and links as litegraph's code sees them: positions instead of names. */
import type { GraphDocument } from "../../graph/document";
import type { LinkRecord } from "../../graph/records";
import type { LegacyNode } from "./node";

/** Ids are numbers wherever they can be, as in the files. */
export function outerId(id: string): number | string {
  return /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}

export class InputSlot {
  label: string | undefined;
  shape: number | undefined;
  widget: { name: string } | undefined;

  constructor(
    private readonly node: LegacyNode,
    public name: string,
    public type: string,
  ) {}

  get link(): number | string | null {
    const link = this.node.doc.linkInto(this.node.key, this.name);
    return link ? outerId(link.id) : null;
  }
  /** Links are made and cut with `connect` and `disconnectInput`; code that writes here is heard but not followed. */
  set link(_value: number | string | null) {}

  toJSON(): object {
    const { name, type, label, link } = this;
    return { name, type, label, link };
  }
}

export class OutputSlot {
  label: string | undefined;
  shape: number | undefined;

  constructor(
    private readonly node: LegacyNode,
    private readonly index: number,
    public name: string,
    public type: string,
  ) {}

  get slot_index(): number {
    return this.index;
  }

  get links(): (number | string)[] | null {
    const found = this.node.doc.linksFrom(this.node.key).filter((link) => link.output === this.index);
    return found.length ? found.map((link) => outerId(link.id)) : null;
  }
  set links(_value: unknown) {}

  toJSON(): object {
    const { name, type, label, links } = this;
    return { name, type, label, links };
  }
}

export interface LegacyLink {
  readonly id: number | string;
  readonly type: string;
  readonly origin_id: number | string;
  readonly origin_slot: number;
  readonly target_id: number | string;
  readonly target_slot: number;
}

export function legacyLink(doc: GraphDocument, link: LinkRecord): LegacyLink {
  return {
    id: outerId(link.id),
    type: link.type,
    origin_id: outerId(link.from),
    origin_slot: link.output,
    target_id: outerId(link.to),
    target_slot: inputNames(doc, link.to).indexOf(link.input),
  };
}

/** The sockets, and after them the widgets that a link may feed: the order of `node.inputs`. */
export function inputNames(doc: GraphDocument, id: string): string[] {
  const shape = doc.shape(id);
  if (!shape) return [];
  const widgets = shape.widgets.filter((widget) => widget.socket);
  return [...shape.sockets, ...widgets].map((slot) => slot.name);
}
