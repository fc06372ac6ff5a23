/** What an instance of a subgraph offers, and what the two sides of a subgraph offer on its own sheet. */

import { t } from "../lib/t";
import type { NodeShape, OutputShape, ShapeContext, SocketShape, WidgetShape } from "./nodeShape";
import { innerValue, type Promotion, promotionPlaces } from "./promotions";
import type { NodeRecord, Port, SheetRecord } from "./records";
import { INPUT_SIDE } from "./sheets";
import type { WidgetSpec } from "./widgets";

/** The slot by which a subgraph gets another input or output. */
export const NEW_PORT = "";

export function instanceShape(node: NodeRecord, sheet: SheetRecord, doc: ShapeContext): NodeShape {
  const promotions = promotionPlaces(node, sheet, doc).filter((one) => one !== undefined);
  const ports = new Set(promotions.map(({ port }) => port));
  const known = new Set(sheet.inputs.map((port) => port.name));
  const stale = node.inputs.filter(({ name }) => !known.has(name) && doc.linkInto(node.id, name));
  return {
    status: "subgraph",
    def: undefined,
    title: node.title ?? sheet.name,
    sockets: [
      ...sheet.inputs.filter((port) => !ports.has(port.name)).map((port) => portSocket(port)),
      ...stale.map(({ name, type }) => ({ name, label: name, type, optional: true, extra: true })),
    ],
    widgets: withLabels(promotions, sheet, doc),
    outputs: sheet.outputs.map(portOutput),
  };
}

export function sideShape(node: NodeRecord, doc: ShapeContext): NodeShape {
  const sheet = doc.definition(node.sheet);
  const isInput = node.type === INPUT_SIDE;
  const ports = (isInput ? sheet?.inputs : sheet?.outputs) ?? [];
  const more = { name: NEW_PORT, label: t("New"), type: "*" };
  return {
    status: "side",
    def: undefined,
    title: isInput ? t("Inputs") : t("Outputs"),
    sockets: isInput ? [] : [...ports.map(portSocket), { ...more, optional: true, extra: false }],
    widgets: [],
    outputs: isInput ? [...ports.map(portOutput), { ...more, index: ports.length, isList: false }] : [],
  };
}

export function portLabel(port: Port): string {
  return port.label ?? port.name;
}

function portSocket(port: Port): SocketShape {
  return { name: port.name, label: portLabel(port), type: port.type, optional: true, extra: false };
}

function portOutput(port: Port, index: number): OutputShape {
  return { index, label: portLabel(port), type: port.type, isList: false };
}

/** Widgets of the same name are told apart by the titles of their nodes. */
function withLabels(promotions: readonly Promotion[], sheet: SheetRecord, doc: ShapeContext): WidgetShape[] {
  const plain = promotions.map(({ port, widget }) => {
    const own = sheet.inputs.find(({ name }) => name === port);
    return own ? portLabel(own) : widget.label;
  });
  return promotions.map((promotion, i): WidgetShape => {
    const label = plain[i] ?? "";
    const isShared = plain.filter((other) => other === label).length > 1;
    return {
      ...promotion.widget,
      name: promotion.key,
      label: isShared ? `${doc.shape(promotion.node)?.title} · ${label}` : label,
      spec: { ...promotion.widget.spec, default: innerValue(promotion, doc) } as WidgetSpec,
      socket: promotion.port !== null,
      optional: true,
    };
  });
}
