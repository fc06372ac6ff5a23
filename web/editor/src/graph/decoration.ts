/**
 * What a custom-node pack adds to one node on the page: more widgets, others hidden or changed. It is no part of the
 * workflow and no step of undo; the pack makes it anew whenever the node appears.
 */
import type { NodeShape, WidgetShape } from "./nodeShape";
import type { NodeRecord } from "./records";
import type { WidgetSpec } from "./widgets";

export interface AddedWidget {
  readonly name: string;
  readonly label: string;
  readonly spec: WidgetSpec;
  /** Whether its value goes into the prompt, and into the file. */
  readonly sent: boolean;
  readonly saved: boolean;
}

export interface Decoration {
  readonly added: readonly AddedWidget[];
  /** Widgets that are not shown; their values are sent and saved all the same. */
  readonly hidden: ReadonlySet<string>;
  /** Sockets of the definition that the pack has taken off. */
  readonly removed: ReadonlySet<string>;
  readonly specs: ReadonlyMap<string, WidgetSpec>;
  readonly labels: ReadonlyMap<string, string>;
  /** All widgets in the order in which they are shown; those it does not name come last. */
  readonly order: readonly string[];
}

export const PLAIN: Decoration = {
  added: [],
  hidden: new Set(),
  removed: new Set(),
  specs: new Map(),
  labels: new Map(),
  order: [],
};

export function decorated(shape: NodeShape, decoration: Decoration): NodeShape {
  const { added, hidden, removed, specs, labels, order } = decoration;
  const own = shape.widgets.map((widget) => ({
    ...widget,
    spec: specs.get(widget.name) ?? widget.spec,
    label: labels.get(widget.name) ?? widget.label,
  }));
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const widgets = [...own, ...added.map(asShape)]
    .map((widget) => (hidden.has(widget.name) ? { ...widget, hidden: true } : widget))
    .sort((a, b) => place(a.name) - place(b.name));
  const sockets = shape.sockets
    .filter((socket) => !removed.has(socket.name))
    .map((socket) => ({ ...socket, label: labels.get(socket.name) ?? socket.label }));
  return { ...shape, widgets, sockets };
}

function asShape({ name, label, spec, sent }: AddedWidget): WidgetShape {
  return {
    name,
    label,
    type: "*",
    spec,
    tooltip: "",
    socket: false,
    optional: true,
    added: true,
    unsent: !sent,
  };
}

/** The values of added widgets as a file keeps them: behind those of the definition. */
export function addedValues(node: NodeRecord, decoration: Decoration | undefined) {
  const saved = decoration?.added.filter((widget) => widget.saved) ?? [];
  return saved.map(({ name, spec }) => node.values[name] ?? spec.default);
}
