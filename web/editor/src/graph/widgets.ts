/** What kind of control an input of a node definition asks for, and what it starts with. */
import { isArray, isObject, type Json, type JsonObject } from "../lib/json";
import type { Numeric } from "../lib/numeric";
import type { ControlMode } from "./records";

export type Upload = "image" | "audio" | "video" | "file";

export interface IntSpec {
  readonly kind: "int";
  readonly default: Numeric;
  readonly min?: Numeric;
  readonly max?: Numeric;
  readonly step: Numeric;
}
export interface FloatSpec {
  readonly kind: "float";
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  readonly step: number;
  /** Values are rounded to multiples of this; 0: not at all. */
  readonly round: number;
}
export interface TextSpec {
  readonly kind: "text";
  readonly default: string;
  readonly multiline: boolean;
  readonly dynamicPrompts: boolean;
  readonly placeholder: string;
}
export interface ToggleSpec {
  readonly kind: "toggle";
  readonly default: boolean;
  readonly on: string;
  readonly off: string;
}
export interface ComboSpec {
  readonly kind: "combo";
  readonly default: Json;
  readonly options: readonly Json[];
  readonly upload: Upload | null;
}
/** A value that is carried along unchanged and shown as text: curves, boxes, colours of packs. */
export interface OpaqueSpec {
  readonly kind: "opaque";
  readonly default: Json;
  /** Places that the value array has after this one for controls that are not inputs. */
  readonly extraPlaces: number;
}

/** What a pack draws itself. `view` names who draws it. */
export interface CustomSpec {
  readonly kind: "custom";
  readonly default: Json;
  readonly view: string;
  /** In pixels of the canvas at its actual size. */
  readonly height: number;
  /** Takes its share of the room that is left in the node. */
  readonly grows: boolean;
}

export type WidgetSpec = (
  | IntSpec
  | FloatSpec
  | TextSpec
  | ToggleSpec
  | ComboSpec
  | OpaqueSpec
  | CustomSpec
) & {
  /** The mode that "control after generate" starts in; absent: the widget has no such control. */
  readonly control?: ControlMode;
};

const OPAQUE_TYPES = new Set(
  (
    "COLOR CURVE BOUNDING_BOX BOUNDING_BOXES COLORS PAINTER COMPOSITOR IMAGECOMPARE WEBCAM LOAD_3D " +
    "LOAD_3D_ANIMATION PREVIEW_3D MARKDOWN AUDIO_UI AUDIO_RECORD IMAGEUPLOAD AUDIOUPLOAD VIDEOUPLOAD TREE_SELECT"
  ).split(" "),
);

/** The types for which packs bring widgets of their own, and what these are like. */
export const customTypes = new Map<string, CustomSpec>();

export const CONTROL_MODES: readonly ControlMode[] = ["fixed", "increment", "decrement", "randomize"];

/** The widget for an input definition, or null when the input is a plain socket. */
export function widgetSpec(
  name: string,
  type: string,
  options: JsonObject,
  list?: readonly Json[],
): WidgetSpec | null {
  if (options.forceInput === true) return null;
  if (list) return withControl(combo(list, options), name, options);
  const kind = typeof options.widgetType === "string" ? options.widgetType : type;
  switch (kind) {
    case "INT":
      return withControl(int(options), name, options);
    case "FLOAT":
      return float(options);
    case "STRING":
      return text(options);
    case "BOOLEAN":
      return toggle(options);
    case "COMBO":
      return withControl(combo(isArray(options.options) ? options.options : [], options), name, options);
  }
  const custom = customTypes.get(kind);
  if (custom) return { ...custom, default: options.default ?? custom.default };
  if (!OPAQUE_TYPES.has(kind)) return null;
  return { kind: "opaque", default: options.default ?? null, extraPlaces: kind === "BOUNDING_BOX" ? 4 : 0 };
}

function numeric(value: Json | undefined): Numeric | undefined {
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

function int(options: JsonObject): IntSpec {
  return {
    kind: "int",
    default: numeric(options.default) ?? 0,
    min: numeric(options.min),
    max: numeric(options.max),
    step: numeric(options.step) ?? 1,
  };
}

function float(options: JsonObject): FloatSpec {
  const num = (value: Json | undefined) => (numeric(value) === undefined ? undefined : Number(value));
  const step = num(options.step) ?? 0.01;
  return {
    kind: "float",
    default: num(options.default) ?? 0,
    min: num(options.min),
    max: num(options.max),
    step,
    round: options.round === false ? 0 : (num(options.round) ?? Math.min(step, 0.01)),
  };
}

function text(options: JsonObject): TextSpec {
  return {
    kind: "text",
    default: typeof options.default === "string" ? options.default : "",
    multiline: options.multiline === true,
    dynamicPrompts: options.dynamicPrompts === true,
    placeholder: typeof options.placeholder === "string" ? options.placeholder : "",
  };
}

function toggle(options: JsonObject): ToggleSpec {
  return {
    kind: "toggle",
    default: options.default === true,
    on: typeof options.label_on === "string" ? options.label_on : "On",
    off: typeof options.label_off === "string" ? options.label_off : "Off",
  };
}

function combo(list: readonly Json[], options: JsonObject): ComboSpec {
  const upload: Upload | null =
    options.image_upload || options.animated_image_upload
      ? "image"
      : options.audio_upload
        ? "audio"
        : options.video_upload
          ? "video"
          : null;
  return { kind: "combo", default: options.default ?? list[0] ?? null, options: list, upload };
}

function withControl(spec: IntSpec | ComboSpec, name: string, options: JsonObject): WidgetSpec {
  const flag = options.control_after_generate;
  const implied = flag === undefined && spec.kind === "int" && (name === "seed" || name === "noise_seed");
  if (!flag && !implied) return spec;
  return { ...spec, control: readControl(flag) ?? "randomize" };
}

/** The stored form of a control; old files have true and false. */
export function readControl(value: Json | undefined): ControlMode | undefined {
  if (value === true) return "randomize";
  if (value === false) return "fixed";
  if (value === "increment-wrap") return value;
  return CONTROL_MODES.find((mode) => mode === value);
}

export function optionText(option: Json): string {
  return typeof option === "string" ? option : isObject(option) ? JSON.stringify(option) : String(option);
}
