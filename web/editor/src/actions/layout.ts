/** Nodes and reroutes in their places: lined up, spread out, laid out along their links, moved by keys. */
import { align, distribute, layOut, type Shifts, type Side } from "../canvas/arrange";
import { frameAround, groupsInGroup, nodesInGroup } from "../canvas/groups";
import { moveBy } from "../graph/edit";
import { setGroupRect } from "../graph/groups";
import type { GroupRecord, NodeId } from "../graph/records";
import type { Point, Rect } from "../lib/geometry";
import { type Label, t } from "../lib/t";
import type { Action } from "./action";
import type { Editor } from "./editor";

const STEP = 24;

const SIDES: readonly (readonly [Side, Label])[] = [
  ["left", () => t("Align left")],
  ["center", () => t("Align centres")],
  ["right", () => t("Align right")],
  ["top", () => t("Align top")],
  ["middle", () => t("Align middles")],
  ["bottom", () => t("Align bottom")],
];
const ARROWS: readonly (readonly [string, Label, Point])[] = [
  ["Left", () => t("Move left"), { x: -STEP, y: 0 }],
  ["Right", () => t("Move right"), { x: STEP, y: 0 }],
  ["Up", () => t("Move up"), { x: 0, y: -STEP }],
  ["Down", () => t("Move down"), { x: 0, y: STEP }],
];

export const layoutActions: readonly Action[] = [
  ...SIDES.map(
    ([side, label]): Action => ({
      id: `align.${side}`,
      label,
      enabled: ({ selection }) => selection.ids.size > 1,
      run: (editor) => shift(editor, "Align", align(framesOf(editor), side)),
    }),
  ),
  ...(["x", "y"] as const).map(
    (axis): Action => ({
      id: `distribute.${axis}`,
      label: () => (axis === "x" ? t("Spread out sideways") : t("Spread out downwards")),
      enabled: ({ selection }) => selection.ids.size > 2,
      run: (editor) => shift(editor, "Spread out", distribute(framesOf(editor), axis)),
    }),
  ),
  {
    id: "layOut",
    label: () => t("Tidy up"),
    keys: ["Ctrl+Shift+L"],
    enabled: ({ doc }) => !doc.nodes().next().done,
    run: (editor) => {
      tidyUp(editor);
      editor.engine?.fit(editor.selection.ids.size > 1 ? editor.selection.ids : undefined);
    },
  },
  ...ARROWS.map(
    ([name, label, by]): Action => ({
      id: `move.${name.toLowerCase()}`,
      label,
      keys: [`Ctrl+Arrow${name}`],
      enabled: ({ selection }) => selection.ids.size + selection.reroutes.size > 0,
      run: ({ doc, selection }) =>
        moveBy(doc, movable(doc, selection.ids), by, [], "keys", selection.reroutes),
    }),
  ),
];

/** Groups go on framing the nodes that they framed. */
function tidyUp(editor: Editor): void {
  const { doc, engine } = editor;
  if (!engine) return;
  const { scene } = engine;
  const frames = framesOf(editor);
  const links = [...doc.links()].map(({ from, to }) => [from, to] as const);
  const area = ({ rect }: GroupRecord) => rect.w * rect.h;
  const groups = [...doc.groups()]
    .sort((a, b) => area(a) - area(b)) // inner ones first: the outer ones frame them
    .map((group) => ({ group, nodes: nodesInGroup(scene, group), inner: groupsInGroup(scene, group) }))
    .filter(({ nodes }) => [...nodes].some((id) => frames.has(id)));
  doc.transact("Tidy up", () => {
    shift(editor, "Tidy up", layOut(frames, links));
    for (const { group, nodes, inner } of groups) {
      const framed = inner.flatMap(({ id }) => (id === group.id ? [] : (doc.group(id) ?? [])));
      const rect = frameAround(scene, nodes, framed);
      if (rect) setGroupRect(doc, group.id, rect);
    }
  });
}

/** Of what is selected, or of everything where that is less than two. Pinned nodes stay where they are. */
function framesOf({ doc, engine, selection }: Editor): Map<NodeId, Rect> {
  const wanted = selection.ids.size > 1 ? selection.ids : [...doc.nodes()].map((node) => node.id);
  return new Map(
    movable(doc, wanted).flatMap((id) => {
      const frame = engine?.scene.frame(id);
      return frame ? [[id, frame] as const] : [];
    }),
  );
}

function movable(doc: Editor["doc"], ids: Iterable<NodeId>): NodeId[] {
  return [...ids].filter((id) => doc.node(id)?.pinned === false);
}

function shift({ doc }: Editor, label: string, shifts: Shifts): void {
  doc.transact(label, () => {
    for (const [id, by] of shifts) moveBy(doc, [id], by);
  });
}
