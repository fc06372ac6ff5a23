/** What a link brings to a widget, as far as that is known before a run. */
import type { Json } from "../lib/json";
import type { GraphDocument } from "./document";
import { ConversionFailed, primitiveValue, Scope, sourceOf } from "./formats/promptScopes";
import type { NodeId } from "./records";

/** A value that stands somewhere in the graph, or the title of the node that makes it in a run. */
export type Arriving = { readonly value: Json } | { readonly from: string };

/** Null where no link leads to the widget, or to one that is not on the open sheet, and where a link brings nothing. */
export function arriving(doc: GraphDocument, node: NodeId, widget: string): Arriving | null {
  const link = doc.linkInto(node, widget);
  const scope = link && openScope(doc);
  if (!scope || doc.node(node)?.sheet !== scope.sheet) return null;
  const pushed = primitiveValue(scope, link);
  if (pushed !== undefined) return { value: pushed };
  const source = sourceOf(scope, link, link.type);
  if (!source || "value" in source) return source;
  const { record } = source;
  const held = constantOf(doc, record.id);
  return held === undefined ? { from: doc.shape(record.id)?.title ?? record.type } : { value: held };
}

/** The open sheet, as the instances through which it was opened see it. */
function openScope(doc: GraphDocument): Scope | null {
  try {
    return doc.path.reduce((scope, id) => {
      const instance = doc.node(id);
      return instance ? scope.child(instance) : scope;
    }, new Scope(doc, new Map()));
  } catch (error) {
    if (error instanceof ConversionFailed) return null;
    throw error;
  }
}

/** Of a node that only hands on the one value that stands in it. */
function constantOf(doc: GraphDocument, node: NodeId): Json | undefined {
  const { widgets = [], sockets = [], outputs = [] } = doc.shape(node) ?? {};
  const [only, ...others] = widgets;
  if (only?.name !== "value" || others.length || sockets.length || outputs.length !== 1) return undefined;
  return doc.linkInto(node, only.name) ? undefined : (doc.node(node)?.values.value ?? only.spec.default);
}
