/** The ids that were given out last. A file states them, and they are written back as it states them until one is given out. */
import { isObject, type Json, type JsonObject } from "../lib/json";
import type { GraphRecord } from "./records";
import { localId } from "./sheets";

const KINDS = ["node", "link", "group", "reroute"] as const;
export type Counted = (typeof KINDS)[number];
export type LastIds = Readonly<Record<Counted, number>>;

const ZERO: LastIds = { node: 0, link: 0, group: 0, reroute: 0 };

export class Counters {
  /** What the file says, or what was given out since. */
  private given: Record<Counted, number> = { ...ZERO };
  /** The largest that is in use. */
  private used: Record<Counted, number> = { ...ZERO };

  restart(root: JsonObject): void {
    const state = isObject(root.state) ? root.state : {};
    this.given = {
      node: number(root.last_node_id) || number(state.lastNodeId),
      link: number(root.last_link_id) || number(state.lastLinkId),
      group: number(state.lastGroupId),
      reroute: number(state.lastRerouteId),
    };
    this.used = { ...ZERO };
  }

  see(record: GraphRecord): void {
    if (record.kind === "sheet") return;
    this.used[record.kind] = Math.max(this.used[record.kind], number(localId(record.id, record.sheet)));
  }

  next(kind: Counted): number {
    this.given[kind] = Math.max(this.given[kind], this.used[kind]) + 1;
    return this.given[kind];
  }

  get last(): LastIds {
    return this.given;
  }
}

function number(value: Json | undefined): number {
  const n = Number(value);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
}
