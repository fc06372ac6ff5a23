/** Where nodes go when they are lined up, spread out or laid out along their links. Rectangles in, shifts out. */
import type { NodeId } from "../graph/records";
import type { Point, Rect } from "../lib/geometry";

export type Side = "left" | "right" | "top" | "bottom" | "middle" | "center";
export type Frames = ReadonlyMap<NodeId, Rect>;
export type Shifts = Map<NodeId, Point>;

const COLUMN_GAP = 80;
const ROW_GAP = 40;
const SWEEPS = 6;

/** Brings one edge of all to that of the outermost; `middle` and `center` bring their centres onto one line. */
export function align(frames: Frames, side: Side): Shifts {
  const all = [...frames.values()];
  const to = {
    left: Math.min(...all.map((r) => r.x)),
    right: Math.max(...all.map((r) => r.x + r.w)),
    top: Math.min(...all.map((r) => r.y)),
    bottom: Math.max(...all.map((r) => r.y + r.h)),
    center: mean(all.map((r) => r.x + r.w / 2)),
    middle: mean(all.map((r) => r.y + r.h / 2)),
  }[side];
  return shifts(frames, (r) => ({
    x: { left: to - r.x, right: to - r.x - r.w, center: to - r.x - r.w / 2, top: 0, bottom: 0, middle: 0 }[
      side
    ],
    y: { top: to - r.y, bottom: to - r.y - r.h, middle: to - r.y - r.h / 2, left: 0, right: 0, center: 0 }[
      side
    ],
  }));
}

/** Makes the gaps between neighbours equal; the outermost two stay. */
export function distribute(frames: Frames, axis: "x" | "y"): Shifts {
  const size = axis === "x" ? "w" : "h";
  const sorted = [...frames].sort(([, a], [, b]) => a[axis] - b[axis]);
  const [first, last] = [sorted[0]?.[1], sorted.at(-1)?.[1]];
  if (!first || !last) return new Map();
  const taken = sorted.reduce((sum, [, r]) => sum + r[size], 0);
  const gap = (last[axis] + last[size] - first[axis] - taken) / Math.max(1, sorted.length - 1);
  const result: Shifts = new Map();
  let at = first[axis];
  for (const [id, r] of sorted) {
    const by = Math.round(at - r[axis]);
    if (by) result.set(id, axis === "x" ? { x: by, y: 0 } : { x: 0, y: by });
    at += r[size] + gap;
  }
  return result;
}

/**
 * Columns from sources to results, as Sugiyama, Tagawa and Toda lay out directed graphs (1981): a column for each length
 * of way, crossings lessened by going to the mean of one's neighbours. `links` name both ends.
 */
export function layOut(frames: Frames, links: readonly (readonly [NodeId, NodeId])[]): Shifts {
  const inside = links.filter(([from, to]) => frames.has(from) && frames.has(to) && from !== to);
  const columns = orderColumns(columnsOf(frames, inside), inside, frames);
  const places = placeColumns(columns, inside, frames);
  const all = [...frames.values()];
  const corner = { x: Math.min(...all.map((r) => r.x)), y: Math.min(...all.map((r) => r.y)) };
  const top = Math.min(...[...places.values()].map((p) => p.y));
  return shifts(frames, (r, id) => {
    const place = places.get(id) ?? { x: 0, y: 0 };
    return { x: Math.round(corner.x + place.x - r.x), y: Math.round(corner.y + place.y - top - r.y) };
  });
}

type Links = readonly (readonly [NodeId, NodeId])[];

/** The longest way to each node decides its column; then each goes as near to what it feeds as it can. */
function columnsOf(frames: Frames, links: Links): NodeId[][] {
  const depth = new Map<NodeId, number>([...frames.keys()].map((id) => [id, 0]));
  const at = (id: NodeId) => depth.get(id) ?? 0;
  for (let round = 0; round < frames.size; round++) {
    let changed = false;
    for (const [from, to] of links) {
      if (at(to) > at(from)) continue;
      depth.set(to, at(from) + 1);
      changed = true;
    }
    if (!changed) break;
  }
  const fed = new Map<NodeId, NodeId[]>();
  for (const [from, to] of links) fed.set(from, [...(fed.get(from) ?? []), to]);
  for (const id of [...frames.keys()].sort((a, b) => at(b) - at(a))) {
    const targets = fed.get(id);
    if (targets) depth.set(id, Math.max(at(id), Math.min(...targets.map(at)) - 1));
  }
  const columns = new Map<number, NodeId[]>();
  for (const [id, column] of depth) columns.set(column, [...(columns.get(column) ?? []), id]);
  return [...columns].sort(([a], [b]) => a - b).map(([, ids]) => ids);
}

/** Within each column by the mean place of what a node is linked with, back and forth a few times. */
function orderColumns(columns: NodeId[][], links: Links, frames: Frames): NodeId[][] {
  const y = (id: NodeId) => frames.get(id)?.y ?? 0;
  const ordered = columns.map((column) => [...column].sort((a, b) => y(a) - y(b)));
  const row = new Map<NodeId, number>();
  const number = () => {
    for (const column of ordered) for (const [i, id] of column.entries()) row.set(id, i / column.length);
  };
  number();
  const near = neighbours(links);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of ordered) {
      const wish = new Map(column.map((id) => [id, wishOf(near.get(id), row, row.get(id) ?? 0)]));
      column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    }
    number();
  }
  return ordered;
}

/** Each node at the height of what feeds it, moved down where it would lie on the one above. */
function placeColumns(columns: readonly NodeId[][], links: Links, frames: Frames): Map<NodeId, Point> {
  const places = new Map<NodeId, Point>();
  const middle = new Map<NodeId, number>();
  const near = neighbours(links);
  let x = 0;
  for (const column of columns) {
    const height = (id: NodeId) => frames.get(id)?.h ?? 0;
    const wishes = column.map((id) => wishOf(near.get(id), middle, Number.NaN) - height(id) / 2);
    let free = Number.NEGATIVE_INFINITY;
    for (const [i, id] of column.entries()) {
      const wish = wishes[i] as number;
      const y = Math.max(Number.isNaN(wish) ? (free > Number.NEGATIVE_INFINITY ? free : 0) : wish, free);
      places.set(id, { x, y });
      middle.set(id, y + height(id) / 2);
      free = y + height(id) + ROW_GAP;
    }
    x += Math.max(...column.map((id) => frames.get(id)?.w ?? 0)) + COLUMN_GAP;
  }
  return places;
}

function neighbours(links: Links): Map<NodeId, NodeId[]> {
  const near = new Map<NodeId, NodeId[]>();
  for (const [a, b] of links) {
    near.set(a, [...(near.get(a) ?? []), b]);
    near.set(b, [...(near.get(b) ?? []), a]);
  }
  return near;
}

function wishOf(
  near: readonly NodeId[] | undefined,
  places: ReadonlyMap<NodeId, number>,
  otherwise: number,
): number {
  const known = (near ?? []).flatMap((id) => places.get(id) ?? []);
  return known.length ? mean(known) : otherwise;
}

function shifts(frames: Frames, by: (rect: Rect, id: NodeId) => Point): Shifts {
  const result: Shifts = new Map();
  for (const [id, rect] of frames) {
    const { x, y } = by(rect, id);
    if (Math.round(x) || Math.round(y)) result.set(id, { x: Math.round(x), y: Math.round(y) });
  }
  return result;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
