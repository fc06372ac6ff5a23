/** What the menu key is about: the node or group that has the focus or is selected, else the canvas. */
import type { Point } from "../lib/geometry";
import type { Engine, MenuRequest } from "./Engine";
import type { Hit } from "./hitTest";

export function menuAtFocus(engine: Engine): MenuRequest {
  const shell = document.activeElement?.closest<HTMLElement>("[data-node], [data-group]") ?? selected(engine);
  const box = (shell ?? engine.host).getBoundingClientRect();
  const page = shell
    ? { x: box.left + 16, y: box.top + 16 }
    : { x: box.left + box.width / 2, y: box.top + box.height / 3 };
  const { node, group: groupId } = shell?.dataset ?? {};
  const group = groupId === undefined ? undefined : engine.doc.group(groupId);
  return request(
    engine,
    node ? { kind: "node", node } : group ? { kind: "group", group } : { kind: "empty" },
    page,
  );
}

function selected({ selection, shells }: Engine): HTMLElement | undefined {
  const [first] = selection.ids;
  return first === undefined ? undefined : shells.element(first);
}

function request(engine: Engine, hit: Hit, page: Point): MenuRequest {
  return { hit, world: engine.pointAt(page.x, page.y).world, page };
}
