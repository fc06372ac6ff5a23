/** What can be done with each thing on the canvas, in the order in which the menu shows it. */
import { actionOf, keysOf } from "../../actions";
import type { Editor } from "../../actions/editor";
import { chooseBranch, chooseEnd } from "../../actions/links";
import { type MenuContent, packCanvasItems, packNodeItems } from "../../actions/packMenus";
import type { Engine } from "../../canvas/Engine";
import { frameAround, groupsInGroup, MIN_GROUP, nodesInGroup } from "../../canvas/groups";
import type { MenuRequest } from "../../canvas/requests";
import { disconnect, type InputRef, type OutputRef, setColor, toggleMode } from "../../graph/edit";
import { addGroup, removeGroups, removeGroupWith, setGroupColor, setGroupRect } from "../../graph/groups";
import { type GroupRecord, type LinkRecord, Mode, type NodeId, type RerouteId } from "../../graph/records";
import { addReroute, removeReroutes, sourceOfReroute, straighten } from "../../graph/reroutes";
import { isSide } from "../../graph/sheets";
import { insertInLink } from "../../graph/splice";
import { REROUTE } from "../../graph/virtualNodes";
import { t } from "../../lib/t";
import type { MenuItem } from "../../ui/Menu";
import { colorItems } from "./colors";
import { portItems, promotedItems, promotionItems, widgetItems } from "./subgraphItems";

/** `open` shows another menu in the place of this one. */
export function menuFor(
  editor: Editor,
  engine: Engine,
  { hit, world, page }: MenuRequest,
  open: (menu: MenuContent) => void,
): MenuContent {
  switch (hit.kind) {
    case "node":
    case "corner":
      return { label: t("Node"), items: nodeItems(editor, hit.node, open) };
    case "input":
      return { label: t("Input"), items: inputItems(editor, engine, hit.ref, page) };
    case "output":
      return { label: t("Output"), items: outputItems(editor, engine, hit.ref, page) };
    case "link":
      return { label: t("Link"), items: linkItems(editor, hit.link, hit.at, world) };
    case "reroute":
      return { label: t("Reroute"), items: rerouteItems(editor, engine, hit.id, page) };
    case "group":
    case "groupCorner":
      return { label: t("Group"), items: groupItems(editor, engine, hit.group, open) };
    case "empty":
      return { label: t("Canvas"), items: canvasItems(editor, engine, { world, page }, open) };
  }
}

/** An action of the registry as an item. */
function act(editor: Editor, id: string, separated = false): MenuItem {
  const action = actionOf(id);
  const { label, enabled, checked, run } = action;
  return {
    label: label(),
    hint: keysOf(action)[0],
    separated,
    disabled: enabled?.(editor) === false,
    toggled: checked?.(editor),
    run: () => run(editor),
  };
}

function nodeItems(editor: Editor, id: NodeId, open: (menu: MenuContent) => void): MenuItem[] {
  const { doc, selection } = editor;
  if (!selection.has(id)) selection.set([id]);
  const current = doc.node(id)?.bgcolor ?? null;
  const set = (color: Parameters<typeof setColor>[2]) => setColor(doc, selection.ids, color);
  const colors = colorItems({ kind: "node", current, set });
  const type = doc.node(id)?.type ?? "";
  if (isSide(type)) return [act(editor, "renameSubgraph"), act(editor, "leaveSubgraph", true)];
  const subgraph = doc.definition(type) ? instanceItems(editor, id, open) : [];
  const outside = doc.path.length ? widgetItems(editor, id) : [];
  const show = () => open({ label: t("Show on the subgraph"), items: outside });
  return [
    act(editor, "runHere"),
    act(editor, "runBranch"),
    act(editor, "rename", true),
    { label: t("Colour…"), run: () => open({ label: t("Colour of the node"), items: colors }) },
    act(editor, "collapse"),
    act(editor, "pin"),
    act(editor, "mask"),
    act(editor, "connect"),
    act(editor, "insertInLink"),
    act(editor, "mute", true),
    act(editor, "bypass"),
    ...subgraph,
    ...(outside.length ? [{ label: t("Show on the subgraph…"), separated: true, run: show }] : []),
    act(editor, "convertToSubgraph", !subgraph.length && !outside.length),
    act(editor, "copy", true),
    act(editor, "duplicate"),
    act(editor, "group"),
    act(editor, "disconnect"),
    act(editor, "panel.properties", true),
    act(editor, "panel.help"),
    ...apart(packNodeItems(id, open)),
    act(editor, "deleteAndReconnect", true),
    act(editor, "delete"),
  ];
}

function instanceItems(editor: Editor, id: NodeId, open: (menu: MenuContent) => void): MenuItem[] {
  const widgets = promotedItems(editor, id);
  const items = [
    act(editor, "openSubgraph", true),
    act(editor, "unpackSubgraph"),
    act(editor, "renameSubgraph"),
    act(editor, "publishSubgraph"),
  ];
  if (!widgets.length) return items;
  return [
    ...items,
    { label: t("Take off a widget…"), run: () => open({ label: t("Take off"), items: widgets }) },
  ];
}

/** A line above the first of them. */
function apart([first, ...others]: readonly MenuItem[]): MenuItem[] {
  return first ? [{ ...first, separated: true }, ...others] : [];
}

function canvasItems(
  editor: Editor,
  engine: Engine,
  at: Pick<MenuRequest, "world" | "page">,
  open: (menu: MenuContent) => void,
): MenuItem[] {
  const rect = { ...at.world, w: MIN_GROUP.w * 3, h: MIN_GROUP.h * 4 };
  const newGroup = () => engine.renaming.begin({ kind: "group", id: addGroup(editor.doc, t("Group"), rect) });
  return [
    { ...act(editor, "addNode"), run: () => engine.nodesOffered.emit({ ...at, end: null }) },
    { label: t("Add group"), run: newGroup },
    act(editor, "group"),
    { ...act(editor, "paste", true), run: () => void editor.paste({ at: at.world }) },
    { ...act(editor, "pasteWithLinks"), run: () => void editor.paste({ at: at.world, withLinks: true }) },
    act(editor, "selectAll"),
    ...(editor.doc.path.length ? [act(editor, "leaveSubgraph", true)] : []),
    act(editor, "undo", true),
    act(editor, "redo"),
    act(editor, "fit", true),
    act(editor, "run", true),
    ...apart(packCanvasItems(at.world, open)),
  ];
}

function linkItems(editor: Editor, link: LinkRecord, at: number, world: MenuRequest["world"]): MenuItem[] {
  const { doc, reveal } = editor;
  const insertNode = () => insertInLink(doc, link, REROUTE, { x: world.x - 40, y: world.y });
  return [
    { label: t("Add reroute"), hint: `Alt+${t("Click")}`, run: () => addReroute(doc, link, world, at) },
    { label: t("Add Reroute node"), run: insertNode },
    { label: t("Lead to another input…"), run: () => chooseEnd(editor, link) },
    { label: t("Remove reroutes"), disabled: link.parent === null, run: () => straighten(doc, [link]) },
    { label: t("Show where it comes from"), separated: true, run: () => reveal(link.from) },
    { label: t("Show where it goes"), run: () => reveal(link.to) },
    { label: t("Delete link"), separated: true, run: () => disconnect(doc, link) },
  ];
}

function rerouteItems(editor: Editor, engine: Engine, id: RerouteId, page: MenuRequest["page"]): MenuItem[] {
  const { doc, selection } = editor;
  const link = sourceOfReroute(doc, id);
  const pos = doc.reroute(id)?.pos ?? engine.center();
  const ids = selection.reroutes.has(id) ? [...selection.reroutes] : [id];
  const branch = () => {
    if (!link) return;
    const ref = { node: link.from, output: link.output };
    const end = { kind: "output", ref, type: link.type, via: id } as const;
    engine.nodesOffered.emit({ world: { x: pos.x + 60, y: pos.y }, page, end });
  };
  return [
    {
      label: t("Add a node that takes {type}", { type: link?.type ?? "*" }),
      hint: `Alt+${t("Drag")}`,
      disabled: !link,
      run: branch,
    },
    { label: t("Branch off to…"), disabled: !link, run: () => chooseBranch(editor, id) },
    { label: t("Delete reroute"), hint: "Delete", separated: true, run: () => removeReroutes(doc, ids) },
  ];
}

function inputItems(editor: Editor, engine: Engine, ref: InputRef, page: MenuRequest["page"]): MenuItem[] {
  const { doc, reveal } = editor;
  const type = doc.inputType(ref.node, ref.input) ?? "*";
  const link = doc.linkInto(ref.node, ref.input);
  const at = engine.scene.inputPoint(ref.node, ref.input) ?? engine.center();
  const offer = { world: { x: at.x - 320, y: at.y }, page, end: { kind: "input", ref, type } as const };
  return [
    { label: t("Add a node that makes {type}", { type }), run: () => engine.nodesOffered.emit(offer) },
    { label: t("Show where it comes from"), disabled: !link, run: () => link && reveal(link.from) },
    { label: t("Remove link"), disabled: !link, separated: true, run: () => link && disconnect(doc, link) },
    ...promotionItems(editor, ref),
    ...portItems(editor, ref),
  ];
}

function outputItems(editor: Editor, engine: Engine, ref: OutputRef, page: MenuRequest["page"]): MenuItem[] {
  const { doc } = editor;
  const type = doc.outputType(ref.node, ref.output) ?? "*";
  const links = doc.linksFrom(ref.node).filter((link) => link.output === ref.output);
  const at = engine.scene.outputPoint(ref.node, ref.output) ?? engine.center();
  const offer = { world: { x: at.x + 60, y: at.y }, page, end: { kind: "output", ref, type } as const };
  const removeAll = () =>
    doc.transact("Remove links", () => {
      for (const link of links) disconnect(doc, link);
    });
  return [
    { label: t("Add a node that takes {type}", { type }), run: () => engine.nodesOffered.emit(offer) },
    { label: t("Remove links"), disabled: !links.length, separated: true, run: removeAll },
    ...portItems(editor, ref),
  ];
}

function groupItems(
  { doc, selection }: Editor,
  { scene, renaming }: Engine,
  group: GroupRecord,
  open: (menu: MenuContent) => void,
): MenuItem[] {
  const { id, color } = group;
  const nodes = [...nodesInGroup(scene, group)];
  const groups = groupsInGroup(scene, group);
  const inner = groups.filter((other) => other !== group);
  const around = frameAround(scene, nodes, inner);
  const colors = colorItems({
    kind: "group",
    current: color,
    set: (next) => setGroupColor(doc, id, next?.group ?? null),
  });
  const empty = !nodes.length;
  return [
    { label: t("Rename"), hint: "Enter", run: () => renaming.begin({ kind: "group", id }) },
    { label: t("Colour…"), run: () => open({ label: t("Colour of the group"), items: colors }) },
    { label: t("Fit to content"), disabled: !around, run: () => around && setGroupRect(doc, id, around) },
    { label: t("Select nodes"), disabled: empty, separated: true, run: () => selection.set(nodes) },
    { label: t("Mute nodes"), disabled: empty, run: () => toggleMode(doc, nodes, Mode.muted, "Mute") },
    { label: t("Bypass nodes"), disabled: empty, run: () => toggleMode(doc, nodes, Mode.bypassed, "Bypass") },
    { label: t("Delete group"), hint: "Delete", separated: true, run: () => removeGroups(doc, [id]) },
    {
      label: t("Delete group and content"),
      disabled: empty && !inner.length,
      run: () =>
        removeGroupWith(
          doc,
          groups.map((one) => one.id),
          nodes,
        ),
    },
  ];
}
