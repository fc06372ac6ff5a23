/** `/scripts/widgets.js`: the widgets of ComfyUI by type, made on a node. */
import { DomWidget } from "./domWidget";
import type { LegacyNode } from "./node";
import type { WidgetLike, WidgetOptions } from "./widget";

type InputData = readonly [unknown, Record<string, unknown>?];
type Maker = (node: LegacyNode, name: string, data: InputData, app?: unknown) => { widget: WidgetLike };

function number(node: LegacyNode, name: string, [, options = {}]: InputData, precision?: number) {
  const { default: value = 0, min, max, step } = options;
  const widget = node.addWidget("number", name, value, undefined, {
    min,
    max,
    step2: step,
    precision,
  } as WidgetOptions);
  return { widget };
}

function string(node: LegacyNode, name: string, [, options = {}]: InputData) {
  const value = String(options.default ?? "");
  if (!options.multiline) return { widget: node.addWidget("text", name, value) };
  const field = document.createElement("textarea");
  field.value = value;
  field.placeholder = String(options.placeholder ?? "");
  field.setAttribute("aria-label", name);
  field.spellcheck = false;
  const widget = node.addDOMWidget(name, "customtext", field, {
    getValue: () => field.value,
    setValue: (next) => {
      field.value = String(next ?? "");
    },
    getMinHeight: () => 64,
  });
  const changed = () => {
    widget.callback?.call(widget, field.value);
    node.settle();
  };
  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => event.stopPropagation());
  return { widget };
}

function combo(node: LegacyNode, name: string, [list, options = {}]: InputData) {
  const values = Array.isArray(list) ? list : ((options.options as unknown[]) ?? []);
  const value = options.default ?? values[0];
  return { widget: node.addWidget("combo", name, value, undefined, { values }) };
}

function toggle(node: LegacyNode, name: string, [, options = {}]: InputData) {
  const { default: value = false, label_on: on, label_off: off } = options;
  return { widget: node.addWidget("toggle", name, value, undefined, { on, off }) };
}

export const ComfyWidgets: Record<string, Maker> = {
  INT: (node, name, data) => number(node, name, data, 0),
  "INT:seed": (node, name, data) => number(node, name, data, 0),
  FLOAT: (node, name, data) => number(node, name, data, 3),
  STRING: string,
  MARKDOWN: (node, name, [type, options]) => string(node, name, [type, { ...options, multiline: true }]),
  BOOLEAN: toggle,
  COMBO: combo,
  IMAGEUPLOAD: (node, name) => ({ widget: node.addWidget("button", name, null, () => {}) }),
};

export function isDom(widget: WidgetLike): widget is DomWidget {
  return widget instanceof DomWidget;
}
