/**
 * The form that stands for a workflow: widgets in the order in which they are shown, and the nodes whose results are. It is
 * kept in the workflow under the name that ComfyUI's app mode uses.
 */
import type { GraphDocument } from "../../graph/document";
import { readExtra, writeExtra } from "../../graph/extra";
import type { WidgetShape } from "../../graph/nodeShape";
import type { NodeId, NodeRecord } from "../../graph/records";
import { isArray, isObject } from "../../lib/json";

const KEY = "linearData";

export interface Field {
  readonly node: NodeId;
  readonly widget: string;
}

export interface Form {
  readonly inputs: readonly Field[];
  readonly outputs: readonly NodeId[];
}

export function readForm(doc: GraphDocument): Form {
  const found = readExtra(doc, KEY);
  const { inputs, outputs } = isObject(found) ? found : {};
  return {
    inputs: (isArray(inputs) ? inputs : []).flatMap((entry) =>
      isArray(entry) && entry.length > 1 ? [{ node: String(entry[0]), widget: String(entry[1]) }] : [],
    ),
    outputs: (isArray(outputs) ? outputs : []).map(String),
  };
}

export function writeForm(doc: GraphDocument, { inputs, outputs }: Form): void {
  const fileId = (id: NodeId) => (/^\d+$/.test(id) ? Number(id) : id);
  writeExtra(doc, KEY, {
    inputs: inputs.map(({ node, widget }) => [fileId(node), widget]),
    outputs: outputs.map(fileId),
  });
}

export function toggleField(form: Form, field: Field): Form {
  const others = form.inputs.filter(({ node, widget }) => node !== field.node || widget !== field.widget);
  return { ...form, inputs: others.length < form.inputs.length ? others : [...form.inputs, field] };
}

/** One place earlier or later. */
export function moveField(form: Form, index: number, by: 1 | -1): Form {
  const field = form.inputs[index];
  if (!field || !form.inputs[index + by]) return form;
  return { ...form, inputs: form.inputs.toSpliced(index, 1).toSpliced(index + by, 0, field) };
}

export function toggleOutput(form: Form, id: NodeId): Form {
  const others = form.outputs.filter((other) => other !== id);
  return { ...form, outputs: others.length < form.outputs.length ? others : [...form.outputs, id] };
}

export interface FormField extends Field {
  readonly record: NodeRecord;
  readonly shape: WidgetShape;
  readonly title: string;
}

/** What is still in the workflow. */
export function fieldsOf(doc: GraphDocument, { inputs }: Form): FormField[] {
  return inputs.flatMap((field) => {
    const [record, node] = [doc.node(field.node), doc.shape(field.node)];
    const shape = node?.widgets.find(({ name }) => name === field.widget);
    return record && node && shape ? [{ ...field, record, shape, title: node.title }] : [];
  });
}

/** The nodes whose results are shown: all that make some, until any are chosen. */
export function outputsOf(doc: GraphDocument, { outputs }: Form): NodeId[] {
  const chosen = outputs.filter((id) => doc.node(id));
  if (chosen.length) return chosen;
  return [...doc.allNodes()].map(({ id }) => id).filter((id) => doc.shape(id)?.def?.outputNode);
}
