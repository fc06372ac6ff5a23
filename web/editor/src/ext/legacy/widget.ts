/** A widget as litegraph's code sees it. Its value lives in the document; `hidden`, `type` and `options` are watched. */
import { setControl, setValue } from "../../graph/edit";
import type { WidgetShape } from "../../graph/nodeShape";
import type { ControlMode } from "../../graph/records";
import type { WidgetSpec } from "../../graph/widgets";
import type { Json } from "../../lib/json";
import type { LegacyNode } from "./node";

export type Callback = (this: unknown, value: unknown, ...rest: unknown[]) => unknown;

/** The members that packs read and write; a pack's own object may have any of them. */
export interface WidgetLike {
  name: string;
  type: string;
  value: unknown;
  label?: string;
  hidden?: boolean;
  serialize?: boolean;
  options?: WidgetOptions;
  callback?: Callback | null;
  computeSize?: ((width?: number) => readonly [number, number]) | null;
  computedHeight?: number;
  draw?: (ctx: CanvasRenderingContext2D, node: unknown, width: number, y: number, height: number) => void;
  mouse?: (event: unknown, pos: [number, number], node: unknown) => unknown;
  serializeValue?: (node: unknown, index: number) => unknown;
  element?: HTMLElement;
  inputEl?: HTMLElement;
  onRemove?: () => void;
  y?: number;
  last_y?: number;
}

export interface WidgetOptions {
  values?: readonly unknown[] | ((...args: unknown[]) => readonly unknown[]) | Record<string, unknown>;
  hidden?: boolean;
  serialize?: boolean;
  getValue?: () => unknown;
  setValue?: (value: unknown) => void;
  getHeight?: () => number | string;
  getMinHeight?: () => number;
  getMaxHeight?: () => number;
  [name: string]: unknown;
}

/** A widget that the editor shows itself, of the definition or added by a pack with `addWidget`. */
export class LegacyWidget implements WidgetLike {
  label: string | undefined;
  tooltip: string | undefined;
  hidden = false;
  disabled = false;
  serialize: boolean | undefined;
  computeSize: WidgetLike["computeSize"];
  serializeValue: WidgetLike["serializeValue"];
  callback: WidgetLike["callback"];
  onRemove: WidgetLike["onRemove"];
  linkedWidgets: unknown[] = [];
  computedHeight = 24;
  y = 0;
  last_y = 0;
  /** What a definition says; for others what `addWidget` was asked for. */
  readonly spec: WidgetSpec;

  constructor(
    readonly node: LegacyNode,
    public name: string,
    public type: string,
    spec: WidgetSpec,
    public options: WidgetOptions,
  ) {
    this.spec = spec;
  }

  get value(): unknown {
    const record = this.node.record;
    return record?.values[this.name] ?? this.spec.default;
  }
  set value(value: unknown) {
    this.node.quietly(() => setValue(this.node.doc, this.node.key, this.name, value as Json));
  }

  /** The field in the page; while the node is out of view, one that nobody sees. */
  get inputEl(): HTMLElement {
    const place = `[data-node="${this.node.key}"] [data-widget="${CSS.escape(this.name)}"]`;
    const field = document.querySelector<HTMLElement>(`${place} :is(textarea, input)`);
    return field ?? document.createElement("textarea");
  }

  get element(): HTMLElement {
    return this.inputEl;
  }
}

/** "Control after generate", which litegraph shows as a widget of its own behind the one it controls. */
export class ControlWidget implements WidgetLike {
  name = "control_after_generate";
  type = "combo";
  hidden = false;
  options: WidgetOptions = { values: ["fixed", "increment", "decrement", "randomize"], serialize: false };
  callback: WidgetLike["callback"];

  constructor(
    private readonly node: LegacyNode,
    readonly controls: string,
  ) {}

  get value(): unknown {
    return this.node.record?.controls[this.controls] ?? "fixed";
  }
  set value(value: unknown) {
    const mode = value as ControlMode;
    this.node.quietly(() => setControl(this.node.doc, this.node.key, this.controls, mode));
  }
}

const TYPES: Readonly<Record<WidgetSpec["kind"], string>> = {
  int: "number",
  float: "number",
  text: "text",
  toggle: "toggle",
  combo: "combo",
  color: "color",
  colors: "colors",
  box: "box",
  boxes: "boxes",
  curve: "curve",
  capture: "capture",
  painter: "painter",
  compare: "compare",
  opaque: "custom",
  custom: "custom",
};

export function legacyType({ spec, type }: Pick<WidgetShape, "spec" | "type">): string {
  if (spec.kind === "text" && spec.multiline) return "customtext";
  if (spec.kind === "opaque" || spec.kind === "custom") return type;
  return TYPES[spec.kind];
}

export function optionsOf(spec: WidgetSpec): WidgetOptions {
  switch (spec.kind) {
    case "int":
    case "float": {
      const { min, max, step } = spec;
      // Litegraph's own `step` is ten times the real one.
      return {
        min: Number(min ?? -Infinity),
        max: Number(max ?? Infinity),
        step: Number(step) * 10,
        step2: step,
      };
    }
    case "combo":
      return { values: spec.options };
    case "toggle":
      return { on: spec.on, off: spec.off };
    default:
      return {};
  }
}

/** The control that `addWidget` asks for; null for types that the editor has no control for. */
export function specFor(type: string, value: unknown, options: WidgetOptions): WidgetSpec | null {
  const number = (name: string) =>
    typeof options[name] === "number" ? (options[name] as number) : undefined;
  const bounds = { min: finite(number("min")), max: finite(number("max")) };
  switch (type) {
    case "number":
    case "slider":
    case "knob": {
      const step = number("step2") ?? (number("step") ?? 10) / 10;
      const look =
        type === "slider" && bounds.min !== undefined && bounds.max !== undefined ? "slider" : "field";
      const precision = number("precision") ?? (Number.isInteger(step) ? 0 : 3);
      if (precision === 0)
        return { kind: "int", look, default: Number(value) || 0, step: Math.max(1, step), ...bounds };
      return { kind: "float", look, default: Number(value) || 0, step, round: 10 ** -precision, ...bounds };
    }
    case "combo":
      return comboSpec((value ?? null) as Json, valuesOf(options));
    case "toggle":
      return {
        kind: "toggle",
        default: value === true,
        on: String(options.on ?? ""),
        off: String(options.off ?? ""),
      };
    case "text":
    case "string":
      return text(value, options.multiline === true, String(options.placeholder ?? ""));
  }
  return null;
}

function comboSpec(value: Json, options: readonly Json[]): WidgetSpec {
  const fixed = { upload: null, folder: "input", multiple: false, remote: null } as const;
  return { kind: "combo", default: value, options, ...fixed };
}

export function text(value: unknown, multiline: boolean, placeholder = ""): WidgetSpec {
  return { kind: "text", default: String(value ?? ""), multiline, dynamicPrompts: false, placeholder };
}

export function valuesOf({ values }: WidgetOptions): Json[] {
  const list = typeof values === "function" ? values() : values;
  if (Array.isArray(list)) return list as Json[];
  return list && typeof list === "object" ? Object.keys(list) : [];
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) < 1e15 ? value : undefined;
}

const HIDING_TYPE = /^(converted-widget|hidden|tschide|hide$)/i;

/** The ways in which packs hide a widget: a flag, a type of that name, or no height. */
export function isHidden(widget: WidgetLike): boolean {
  if (widget.hidden || widget.options?.hidden === true || HIDING_TYPE.test(widget.type)) return true;
  const size = widget.computeSize?.(200);
  return Boolean(size && size[1] <= 0);
}
