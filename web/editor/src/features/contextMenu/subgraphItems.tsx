/** What the menus say about subgraphs: on their nodes, on the nodes inside, and on the ports of their two sides. */
import type { Editor } from "../../actions/editor";
import type { InputRef, OutputRef } from "../../graph/edit";
import { removePort, renamePort, type Side } from "../../graph/ports";
import { demote, isPromoted, promote, takeOff } from "../../graph/promoting";
import { type NodeId, type Port, ROOT } from "../../graph/records";
import { INPUT_SIDE, OUTPUT_SIDE } from "../../graph/sheets";
import { portLabel } from "../../graph/subgraphShape";
import { t } from "../../lib/t";
import type { MenuItem } from "../../ui/Menu";

/** The widgets of a node inside a subgraph: which ones are shown outside. */
export function widgetItems({ doc }: Editor, id: NodeId): MenuItem[] {
  return (doc.shape(id)?.widgets ?? [])
    .filter((widget) => widget.socket)
    .map(({ name, label }) => {
      const toggled = isPromoted(doc, id, name);
      const isLinked = doc.linkInto(id, name) !== undefined;
      const run = () => (toggled ? demote(doc, id, name) : void promote(doc, id, name));
      return { label, toggled, disabled: isLinked && !toggled, run };
    });
}

/** The widgets of an instance: what may be taken off it. */
export function promotedItems({ doc }: Editor, id: NodeId): MenuItem[] {
  return (doc.shape(id)?.widgets ?? []).map(({ name, label }) => ({
    label,
    run: () => takeOff(doc, id, name),
  }));
}

interface FoundPort {
  readonly sheet: string;
  readonly side: Side;
  readonly port: Port;
}

/** The port behind a slot: of a side of a subgraph, or of one of its instances. */
function portOf({ doc }: Editor, ref: InputRef | OutputRef): FoundPort | null {
  const node = doc.node(ref.node);
  const isOutput = "output" in ref;
  const isSideOf = node && (isOutput ? node.type === INPUT_SIDE : node.type === OUTPUT_SIDE);
  const sheet = node && doc.definition(isSideOf ? node.sheet : node.type);
  if (!node || !sheet) return null;
  const side: Side = isSideOf === isOutput ? "inputs" : "outputs";
  const port = isOutput ? sheet[side][ref.output] : sheet[side].find(({ name }) => name === ref.input);
  return port ? { sheet: sheet.id, side, port } : null;
}

export function portItems(editor: Editor, ref: InputRef | OutputRef): MenuItem[] {
  const found = portOf(editor, ref);
  if (!found) return [];
  const { doc } = editor;
  const { sheet, side, port } = found;
  const isInput = side === "inputs";
  const done = (text: string) => renamePort(doc, sheet, side, port.name, text);
  const rename = () =>
    editor.textAsked.emit({
      label: isInput ? t("Name of the input") : t("Name of the output"),
      verb: t("Rename"),
      value: portLabel(port),
      done,
    });
  return [
    { label: isInput ? t("Rename input…") : t("Rename output…"), separated: true, run: rename },
    {
      label: isInput ? t("Remove input of the subgraph") : t("Remove output of the subgraph"),
      run: () => removePort(doc, sheet, side, port.name),
    },
  ];
}

/** Whether a socket is that of a widget which could be shown outside, and how. */
export function promotionItems({ doc }: Editor, { node, input }: InputRef): MenuItem[] {
  const widget = doc.shape(node)?.widgets.find(({ name, socket }) => name === input && socket);
  if (!widget || doc.node(node)?.sheet === ROOT) return [];
  const toggled = isPromoted(doc, node, input);
  const run = () => (toggled ? demote(doc, node, input) : void promote(doc, node, input));
  const disabled = !toggled && doc.linkInto(node, input) !== undefined;
  return [{ label: t("Show on the subgraph"), toggled, disabled, separated: true, run }];
}
