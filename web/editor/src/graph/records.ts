/**
 * The records a graph document is made of: plain, immutable data. Links name their ends; nothing points at objects.
 * Every record lies on a sheet: the root of the workflow, or the inside of a subgraph. Ids are unique over all sheets.
 */
import type { Point, Rect } from "../lib/geometry";
import type { Json, JsonObject } from "../lib/json";

export type NodeId = string;
export type LinkId = string;
export type GroupId = string;
export type RerouteId = string;
/** "" is the root, else the id of a subgraph's definition. */
export type SheetId = string;

export const ROOT: SheetId = "";

export type ControlMode = "fixed" | "increment" | "decrement" | "randomize" | "increment-wrap";

/** Litegraph's numbers for what happens to a node in a run. */
export const Mode = { always: 0, onEvent: 1, muted: 2, onTrigger: 3, bypassed: 4 } as const;

/** A slot as the file has it; `raw` carries what we do not interpret. */
export interface SavedSlot {
  readonly name: string;
  readonly type: string;
  /** Set when the slot belongs to a widget of that name. */
  readonly widget?: string;
  readonly raw: JsonObject;
}

export interface NodeRecord {
  readonly kind: "node";
  readonly id: NodeId;
  readonly sheet: SheetId;
  readonly type: string;
  /** null: the title of the definition. */
  readonly title: string | null;
  /** Top left of the body; the title row lies above it, as in the file format. */
  readonly pos: Point;
  readonly size: { readonly w: number; readonly h: number };
  readonly mode: number;
  readonly collapsed: boolean;
  /** Stays in its place when it is dragged. */
  readonly pinned: boolean;
  /** Colours of title and body as the file states them; null: those of the theme. */
  readonly color: string | null;
  readonly bgcolor: string | null;
  readonly values: Readonly<Record<string, Json>>;
  readonly controls: Readonly<Record<string, ControlMode>>;
  readonly inputs: readonly SavedSlot[];
  readonly outputs: readonly SavedSlot[];
  /** The node as the file has it: a member that still says the same is written as it was. */
  readonly raw: JsonObject;
}

export interface LinkRecord {
  readonly kind: "link";
  readonly id: LinkId;
  readonly sheet: SheetId;
  readonly from: NodeId;
  readonly output: number;
  readonly to: NodeId;
  readonly input: string;
  readonly type: string;
  /** The reroute nearest to the input; the others follow from that one. */
  readonly parent: RerouteId | null;
  /** The link as the file has it, in either form. */
  readonly raw: Json;
}

/** A point that a link goes through. Links that share a way share its reroutes. */
export interface RerouteRecord {
  readonly kind: "reroute";
  readonly id: RerouteId;
  readonly sheet: SheetId;
  readonly pos: Point;
  /** The next one towards the output. */
  readonly parent: RerouteId | null;
  readonly raw: JsonObject;
}

export interface GroupRecord {
  readonly kind: "group";
  readonly id: GroupId;
  readonly sheet: SheetId;
  readonly title: string;
  readonly rect: Rect;
  readonly color: string | null;
  readonly raw: JsonObject;
}

/** An input or output of a subgraph. Its name holds the links; the label is what is shown, and may change. */
export interface Port {
  readonly name: string;
  readonly label: string | null;
  readonly type: string;
  readonly raw: JsonObject;
}

/** The definition of a subgraph. Its nodes and links are records of their own, on the sheet of its id. */
export interface SheetRecord {
  readonly kind: "sheet";
  readonly id: SheetId;
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly raw: JsonObject;
}

export type GraphRecord = NodeRecord | LinkRecord | RerouteRecord | GroupRecord | SheetRecord;

export type RecordKey = `${GraphRecord["kind"]}:${string}`;

export function keyOf(record: GraphRecord): RecordKey {
  return `${record.kind}:${record.id}`;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Carries the change from `from` to `to` over to `current`: only members that differ are touched, so undoing a move
 * leaves a seed alone that was drawn since. Widget values are compared one by one.
 */
export function rebase(current: GraphRecord, from: GraphRecord, to: GraphRecord): GraphRecord {
  const merged = mergeMembers(
    current as unknown as Members,
    from as unknown as Members,
    to as unknown as Members,
  );
  for (const key of ["values", "controls"]) {
    const [c, f, t] = [current, from, to].map(
      (record) => (record as unknown as Members)[key] as Members | undefined,
    );
    if (c && f && t) merged[key] = mergeMembers(c, f, t);
  }
  return merged as unknown as GraphRecord;
}

function mergeMembers(current: Members, from: Members, to: Members): Record<string, unknown> {
  const result: Record<string, unknown> = { ...current };
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (from[key] === to[key]) continue;
    if (key in to) result[key] = to[key];
    else delete result[key];
  }
  return result;
}

/** A node of which nothing is known yet but what and where it is. */
export function bareNode(id: NodeId, sheet: SheetId, type: string, pos: Point, raw: JsonObject): NodeRecord {
  return {
    kind: "node",
    id,
    sheet,
    type,
    title: null,
    pos,
    size: { w: 0, h: 0 },
    mode: 0,
    collapsed: false,
    pinned: false,
    color: null,
    bgcolor: null,
    values: {},
    controls: {},
    inputs: [],
    outputs: [],
    raw,
  };
}
