/** Puts widgets of inner nodes on the outside of a subgraph, and takes them off again. */
import type { GraphDocument } from "./document";
import { connect, disconnect } from "./edit";
import { dropProxies, removePort } from "./ports";
import { linksOfPort, promotionPlaces, proxyKey } from "./promotions";
import { type LinkRecord, type NodeId, ROOT } from "./records";
import { inputSide } from "./sheets";

/** The link by which an input of the subgraph feeds the widget. */
function promotion(doc: GraphDocument, node: NodeId, widget: string): LinkRecord | undefined {
  const link = doc.linkInto(node, widget);
  return link?.from === inputSide(doc.node(node)?.sheet ?? ROOT) ? link : undefined;
}

export function isPromoted(doc: GraphDocument, node: NodeId, widget: string): boolean {
  return promotion(doc, node, widget) !== undefined;
}

/** Makes an input of the subgraph that leads to the widget, and so shows it on every instance. */
export function promote(doc: GraphDocument, node: NodeId, widget: string): boolean {
  const sheet = doc.definition(doc.node(node)?.sheet ?? ROOT);
  if (!sheet || promotion(doc, node, widget)) return false;
  return connect(doc, { node: inputSide(sheet.id), output: sheet.inputs.length }, { node, input: widget });
}

/** The input goes too, unless it leads somewhere else as well. */
export function demote(doc: GraphDocument, node: NodeId, widget: string): void {
  const link = promotion(doc, node, widget);
  const sheet = link && doc.definition(link.sheet);
  const port = sheet?.inputs[link?.output ?? -1];
  if (!link || !sheet || !port) return;
  if (linksOfPort(port, sheet, doc).length > 1) disconnect(doc, link);
  else removePort(doc, sheet.id, "inputs", port.name);
}

/** From the outside. What a list of one instance shows leaves that list; an input leaves all instances. */
export function takeOff(doc: GraphDocument, instance: NodeId, key: string): void {
  const node = doc.node(instance);
  const sheet = node && doc.definition(node.type);
  if (!node || !sheet) return;
  const place = promotionPlaces(node, sheet, doc).find((one) => one?.key === key);
  if (!place) return;
  if (place.port !== null) {
    removePort(doc, sheet.id, "inputs", place.port);
    return;
  }
  doc.transact("Take off the subgraph", (tx) => {
    const { [key]: _, ...values } = node.values;
    tx.put({ ...node, values });
    dropProxies(
      doc,
      tx,
      instance,
      (entry) => Array.isArray(entry) && proxyKey(String(entry[0]), String(entry[1])) === key,
    );
  });
}
