/** What several nodes have in common. */
import { shownWidgets } from "../../canvas/nodeLayout";
import type { NodeShape, WidgetShape } from "../../graph/nodeShape";

/** Widgets that all of them have, by name and kind; of one node, all. What packs draw is only in its node. */
export function sharedWidgets(shapes: readonly (NodeShape | undefined)[]): WidgetShape[] {
  const [first, ...others] = shapes.map((shape) => (shape ? shownWidgets(shape) : []));
  return (first ?? [])
    .filter(({ spec }) => spec.kind !== "custom" && spec.kind !== "compare")
    .filter(({ name, spec }) =>
      others.every((widgets) =>
        widgets.some((other) => other.name === name && other.spec.kind === spec.kind),
      ),
    );
}
