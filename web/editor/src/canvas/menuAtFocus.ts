/** What the menu key is about: the node, group or reroute that has the focus or is selected, else the canvas. */
import type { Point } from "../lib/geometry";
import type { Engine } from "./Engine";
import type { Hit } from "./hitTest";
import { placeInPage } from "./placeInPage";
import type { MenuRequest } from "./requests";

/** Into what it is about, so that it can be told, in pixels. */
const INSET = 16;

export function menuAtFocus(engine: Engine): MenuRequest {
  const { doc, selection, shells } = engine;
  const [node] = selection.ids;
  const [reroute] = selection.reroutes;
  const shell =
    document.activeElement?.closest<HTMLElement>("[data-node], [data-group]") ??
    (node === undefined ? undefined : shells.element(node));
  const at = reroute === undefined ? undefined : doc.reroute(reroute)?.pos;
  if (shell) return request(engine, hitOf(engine, shell), inside(shell));
  if (reroute !== undefined && at)
    return request(engine, { kind: "reroute", id: reroute }, placeInPage(engine, at));
  const { left, top, width, height } = engine.host.getBoundingClientRect();
  return request(engine, { kind: "empty" }, { x: left + width / 2, y: top + height / 3 });
}

function hitOf({ doc }: Engine, { dataset }: HTMLElement): Hit {
  if (dataset.node !== undefined) return { kind: "node", node: dataset.node };
  const group = dataset.group === undefined ? undefined : doc.group(dataset.group);
  return group ? { kind: "group", group } : { kind: "empty" };
}

function inside(shell: HTMLElement): Point {
  const { left, top } = shell.getBoundingClientRect();
  return { x: left + INSET, y: top + INSET };
}

function request(engine: Engine, hit: Hit, page: Point): MenuRequest {
  return { hit, world: engine.pointAt(page.x, page.y).world, page };
}
