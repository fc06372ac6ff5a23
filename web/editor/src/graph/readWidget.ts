/** Reads off an input of a node definition which kind of widget it asks for. Null: it is a plain socket. */
import { isArray, isObject, type Json, type JsonObject } from "../lib/json";
import type { Numeric } from "../lib/numeric";
import {
  type ComboSpec,
  customTypes,
  type FloatSpec,
  type IntSpec,
  type NumberLook,
  type RemoteOptions,
  readControl,
  type TextSpec,
  type ToggleSpec,
  type Upload,
  type WidgetSpec,
} from "./widgets";

const OPAQUE_TYPES = new Set("COMPOSITOR LOAD_3D LOAD_3D_ANIMATION PREVIEW_3D RANGE TREE_SELECT".split(" "));
/** Buttons and players of ComfyUI's page that its definitions list as inputs. */
const HELPER_TYPES = new Set("AUDIO_UI IMAGEUPLOAD AUDIOUPLOAD VIDEOUPLOAD".split(" "));

/** The widget for an input definition, or null when the input is a plain socket. */
export function widgetSpec(
  name: string,
  type: string,
  options: JsonObject,
  list?: readonly Json[],
): WidgetSpec | null {
  if (options.forceInput === true) return null;
  const spec = specOf(name, type, options, list);
  return spec && options.hidden === true ? { ...spec, hidden: true } : spec;
}

function specOf(name: string, type: string, options: JsonObject, list?: readonly Json[]): WidgetSpec | null {
  if (list) return withControl(combo(list, options), name, options);
  const kind = typeof options.widgetType === "string" ? options.widgetType : type;
  const given = options.default ?? null;
  switch (kind) {
    case "INT":
      return withControl(int(options), name, options);
    case "FLOAT":
      return float(options);
    case "STRING":
      return text(options, options.multiline === true);
    case "MARKDOWN":
      return { ...text(options, true), markdown: true };
    case "BOOLEAN":
      return toggle(options);
    case "COMBO":
      return withControl(combo(isArray(options.options) ? options.options : [], options), name, options);
    case "COLOR":
      return { kind: "color", default: typeof given === "string" ? given : "#000000" };
    case "COLORS":
      return { kind: "colors", default: isArray(given) ? given : [] };
    case "BOUNDING_BOX":
      return {
        kind: "box",
        default: given ?? { x: 0, y: 0, width: 512, height: 512 },
        onPicture: options.component === "ImageCrop",
      };
    case "BOUNDING_BOXES":
      return { kind: "boxes", default: isArray(given) ? given : [] };
    case "CURVE":
      return { kind: "curve", default: given };
    case "PAINTER":
      return { kind: "painter", default: typeof given === "string" ? given : "" };
    case "WEBCAM":
    case "AUDIO_RECORD":
      return { kind: "capture", default: "", of: kind === "WEBCAM" ? "image" : "audio" };
    case "IMAGECOMPARE":
      return { kind: "compare", default: ["", ""], hidden: true };
  }
  const custom = customTypes.get(kind);
  if (custom) return { ...custom, default: options.default ?? custom.default };
  if (HELPER_TYPES.has(kind)) return { kind: "opaque", default: given, hidden: true };
  return OPAQUE_TYPES.has(kind) ? { kind: "opaque", default: given } : null;
}

function numeric(value: Json | undefined): Numeric | undefined {
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

function look({ display, min, max }: JsonObject): NumberLook {
  if (display === "color") return "color";
  const slides = display === "slider" || display === "gradientslider" || display === "knob";
  return slides && numeric(min) !== undefined && numeric(max) !== undefined ? "slider" : "field";
}

function int(options: JsonObject): IntSpec {
  return {
    kind: "int",
    look: look(options),
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
    look: look(options) === "slider" ? "slider" : "field",
    default: num(options.default) ?? 0,
    min: num(options.min),
    max: num(options.max),
    step,
    round: options.round === false ? 0 : (num(options.round) ?? Math.min(step, 0.01)),
  };
}

function text(options: JsonObject, multiline: boolean): TextSpec {
  return {
    kind: "text",
    default: typeof options.default === "string" ? options.default : "",
    multiline,
    dynamicPrompts: options.dynamicPrompts === true,
    placeholder: typeof options.placeholder === "string" ? options.placeholder : "",
  };
}

function toggle(options: JsonObject): ToggleSpec {
  return {
    kind: "toggle",
    default: options.default === true,
    on: typeof options.label_on === "string" ? options.label_on : "",
    off: typeof options.label_off === "string" ? options.label_off : "",
  };
}

function combo(list: readonly Json[], options: JsonObject): ComboSpec {
  const multiple = options.multiselect === true || isObject(options.multi_select);
  const folder = options.image_folder;
  return {
    kind: "combo",
    default: options.default ?? (multiple ? [] : (list[0] ?? null)),
    options: list,
    upload: uploadOf(options),
    folder: folder === "output" || folder === "temp" ? folder : "input",
    multiple,
    remote: remoteOf(options.remote),
  };
}

function uploadOf(options: JsonObject): Upload | null {
  if (options.image_upload || options.animated_image_upload) return "image";
  if (options.audio_upload) return "audio";
  if (options.video_upload) return "video";
  return options.file_upload ? "file" : null;
}

function remoteOf(options: Json | undefined): RemoteOptions | null {
  if (!isObject(options) || typeof options.route !== "string") return null;
  const { route, response_key: key, control_after_refresh: afterwards } = options;
  return {
    route,
    key: typeof key === "string" ? key : "",
    afterwards: afterwards === "first" || afterwards === "last" ? afterwards : null,
  };
}

function withControl(spec: IntSpec | ComboSpec, name: string, options: JsonObject): WidgetSpec {
  const flag = options.control_after_generate;
  const implied = flag === undefined && spec.kind === "int" && (name === "seed" || name === "noise_seed");
  if (!flag && !implied) return spec;
  return { ...spec, control: readControl(flag) ?? "randomize" };
}
