/** What a pointer does to links and their reroutes, for those who have none: each chosen from a list, and then acted upon. */
import { pointOn } from "../canvas/curve";
import type { Engine } from "../canvas/Engine";
import { placeInPage, showPlace } from "../canvas/placeInPage";
import { possibleConnections } from "../graph/connections";
import type { GraphDocument } from "../graph/document";
import { connect, disconnect } from "../graph/edit";
import { type LinkRecord, type NodeId, type RerouteId, ROOT } from "../graph/records";
import { linksThrough } from "../graph/rerouteChains";
import { sourceOfReroute } from "../graph/reroutes";
import { splice, spliceSlots } from "../graph/splice";
import { t } from "../lib/t";
import { announce } from "../ui/announce";
import type { Action } from "./action";
import type { Editor, ListRequest } from "./editor";

const nothingFits = () => t("Nothing fits: add a node first");

export const linkActions: readonly Action[] = [
  {
    id: "connect",
    label: () => t("Link with…"),
    keys: ["Alt+L"],
    enabled: ({ selection }) => selection.ids.size === 1,
    run: chooseConnection,
  },
  {
    id: "links",
    label: () => t("Links and reroutes…"),
    keys: ["Alt+Shift+L"],
    enabled: ({ doc }) => !doc.links().next().done,
    run: chooseLink,
  },
  {
    id: "insertInLink",
    label: () => t("Put into a link…"),
    keys: ["Alt+I"],
    enabled: ({ selection }) => selection.ids.size === 1,
    run: choosePlace,
  },
  {
    id: "disconnect",
    label: () => t("Remove links"),
    enabled: ({ doc, selection }) => [...selection.ids].some((id) => doc.linksOf(id).length > 0),
    run: ({ doc, selection }) =>
      doc.transact("Remove links", () => {
        for (const id of selection.ids) for (const link of [...doc.linksOf(id)]) disconnect(doc, link);
      }),
  },
];

function chooseConnection({ doc, selection, listAsked }: Editor): void {
  const [node] = selection.ids;
  if (node === undefined) return;
  const items = possibleConnections(doc, node).map(({ own, other, incoming, from, to }) => ({
    label: `${own} ${incoming ? "←" : "→"} ${other}`,
    run: () => connect(doc, from, to),
  }));
  const placeholder = t("Link {node} with…", { node: titleOf(doc, node) });
  listAsked.emit({
    label: t("Link"),
    placeholder,
    nothing: nothingFits(),
    items: saying(items, (name) => t("Linked {name}", { name })),
    node,
  });
}

/** Those of the selected nodes, or of all: a link shows its menu then, a reroute is selected. */
function chooseLink(editor: Editor): void {
  const { doc, engine, selection, listAsked } = editor;
  if (!engine) return;
  const { ids } = selection;
  const links = [...doc.links()].filter(({ from, to }) => !ids.size || ids.has(from) || ids.has(to));
  const wanted = new Set(links.map(({ id }) => id));
  const reroutes = [...doc.reroutes()].filter(({ id }) =>
    linksThrough(doc, id).some((link) => wanted.has(link.id)),
  );
  const items = [
    ...links.map((link) => ({ label: linkName(doc, link), run: () => askAbout(engine, link) })),
    ...reroutes.map(({ id }, i) => ({
      label: t("Reroute {number} of {link}", { number: i + 1, link: nameOfCarried(doc, id) }),
      run: () => takeReroute(editor, engine, id),
    })),
  ];
  const [node] = ids;
  const request = {
    label: t("Links"),
    placeholder: t("Which link or reroute?"),
    nothing: t("There are no links"),
    items,
  };
  listAsked.emit(node === undefined ? request : { ...request, node });
}

function choosePlace({ doc, selection, listAsked }: Editor): void {
  const [node] = selection.ids;
  if (node === undefined) return;
  const items = [...doc.links()]
    .filter((link) => spliceSlots(doc, link, node))
    .map((link) => ({ label: linkName(doc, link), run: () => splice(doc, link, node) }));
  listAsked.emit({
    label: t("Put into"),
    placeholder: t("Into which link?"),
    nothing: t("It fits into no link"),
    items: saying(items, (name) => t("Put into {name}", { name })),
    node,
  });
}

/** Where else the end of a link could lead. */
export function chooseEnd({ doc, listAsked }: Editor, link: LinkRecord): void {
  const items = possibleConnections(doc, link.from)
    .filter(({ incoming, from }) => !incoming && from.output === link.output)
    .map(({ other, from, to }) => ({
      label: other,
      run: () =>
        doc.transact("Connect", () => {
          disconnect(doc, link);
          connect(doc, from, to, link.parent);
        }),
    }));
  listAsked.emit({
    label: t("Lead to"),
    placeholder: t("Where to?"),
    nothing: nothingFits(),
    items: saying(items, (name) => t("Led to {name}", { name })),
    node: link.to,
  });
}

/** What else a link could lead to that branches off at a reroute. */
export function chooseBranch({ doc, listAsked }: Editor, id: RerouteId): void {
  const link = sourceOfReroute(doc, id);
  if (!link) return;
  const items = possibleConnections(doc, link.from)
    .filter(({ incoming, from }) => !incoming && from.output === link.output)
    .map(({ other, from, to }) => ({ label: other, run: () => connect(doc, from, to, id) }));
  listAsked.emit({
    label: t("Branch off to"),
    placeholder: t("Where to?"),
    nothing: nothingFits(),
    items: saying(items, (name) => t("Branched off to {name}", { name })),
  });
}

/** What was chosen is said aloud: who cannot see the link hears of it. */
function saying(items: ListRequest["items"], said: (label: string) => string): ListRequest["items"] {
  return items.map(({ label, run }) => ({
    label,
    run: () => {
      run();
      announce(said(label));
    },
  }));
}

function askAbout(engine: Engine, link: LinkRecord): void {
  const way = engine.scene.way(link) ?? [];
  const at = Math.floor((way.length - 1) / 2);
  const curve = way[at];
  if (!curve) return;
  const world = pointOn(curve, 0.5);
  showPlace(engine, world);
  engine.host.focus({ preventScroll: true });
  engine.hover(link);
  engine.menuAsked.emit({ hit: { kind: "link", link, at }, world, page: placeInPage(engine, world) });
}

function takeReroute({ doc, selection }: Editor, engine: Engine, id: RerouteId): void {
  const reroute = doc.reroute(id);
  if (reroute) showPlace(engine, reroute.pos);
  selection.set([], [id]);
  engine.host.focus({ preventScroll: true });
}

function linkName(doc: GraphDocument, { from, output, to, input }: LinkRecord): string {
  const { sockets = [], widgets = [] } = doc.shape(to) ?? {};
  const slot = [...sockets, ...widgets].find(({ name }) => name === input);
  return `${titleOf(doc, from)} · ${doc.shape(from)?.outputs[output]?.label ?? ""} → ${titleOf(doc, to)} · ${slot?.label || input}`;
}

function nameOfCarried(doc: GraphDocument, id: RerouteId): string {
  const link = sourceOfReroute(doc, id);
  return link ? linkName(doc, link) : t("no link");
}

function titleOf(doc: GraphDocument, id: NodeId): string {
  return doc.shape(id)?.title ?? doc.node(id)?.type ?? ROOT;
}
