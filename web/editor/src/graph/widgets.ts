/** The kinds of widgets there are, each with what it needs to know and what it starts with. */
import { isObject, type Json } from "../lib/json";
import type { Numeric } from "../lib/numeric";
import type { ControlMode } from "./records";

export type Upload = "image" | "audio" | "video" | "file";

/** How a number is shown: to be typed and dragged, as part of its range, or as 0xRRGGBB. */
export type NumberLook = "field" | "slider" | "color";

export interface IntSpec {
  readonly kind: "int";
  readonly look: NumberLook;
  readonly default: Numeric;
  readonly min?: Numeric;
  readonly max?: Numeric;
  readonly step: Numeric;
}
export interface FloatSpec {
  readonly kind: "float";
  readonly look: Exclude<NumberLook, "color">;
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
  /** Read as Markdown while nobody writes in it. */
  readonly markdown?: boolean;
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
  /** The folder of the server whose files are offered, and where an upload goes to. */
  readonly folder: "input" | "output" | "temp";
  /** Any number of them; the value is a list. */
  readonly multiple: boolean;
  readonly remote: RemoteOptions | null;
}
/** Options that are asked for where they are needed. */
export interface RemoteOptions {
  readonly route: string;
  /** The member of the answer that is the list; "" when the answer is the list. */
  readonly key: string;
  /** What is chosen once they have been asked for again. */
  readonly afterwards: "first" | "last" | null;
}
/** `#rrggbb` */
export interface ColorSpec {
  readonly kind: "color";
  readonly default: string;
}
export interface ColorsSpec {
  readonly kind: "colors";
  readonly default: readonly Json[];
}
/** `{x, y, width, height}` in pixels. */
export interface BoxSpec {
  readonly kind: "box";
  readonly default: Json;
  /** It is a part of the picture that comes into the node. */
  readonly onPicture: boolean;
}
/** `[{x, y, width, height, metadata}, …]` in pixels of the node's canvas; metadata: `{type, text, desc, palette}`. */
export interface BoxesSpec {
  readonly kind: "boxes";
  readonly default: readonly Json[];
}
/** `{points: [[x, y], …], interpolation}` in 0..1. */
export interface CurveSpec {
  readonly kind: "curve";
  readonly default: Json;
}
/** Drawn by hand; the value names the file. */
export interface PainterSpec {
  readonly kind: "painter";
  readonly default: string;
}
/** Made with the camera or the microphone; the value names the file. */
export interface CaptureSpec {
  readonly kind: "capture";
  readonly default: string;
  readonly of: "image" | "audio";
}
/** Two pictures under a slider: nothing to set, and without a place in the file. */
export interface CompareSpec {
  readonly kind: "compare";
  readonly default: Json;
}
/** A value of a kind that only its node knows: edited as JSON. */
export interface OpaqueSpec {
  readonly kind: "opaque";
  readonly default: Json;
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

type AnySpec =
  | IntSpec
  | FloatSpec
  | TextSpec
  | ToggleSpec
  | ComboSpec
  | ColorSpec
  | ColorsSpec
  | BoxSpec
  | BoxesSpec
  | CurveSpec
  | PainterSpec
  | CaptureSpec
  | CompareSpec
  | OpaqueSpec
  | CustomSpec;

export type WidgetSpec = AnySpec & {
  /** The mode that "control after generate" starts in; absent: the widget has no such control. */
  readonly control?: ControlMode;
  /** Has a value that the person never sees. */
  readonly hidden?: boolean;
};

/** The types for which packs bring widgets of their own, and what these are like. */
export const customTypes = new Map<string, CustomSpec>();

export const CONTROL_MODES: readonly ControlMode[] = ["fixed", "increment", "decrement", "randomize"];

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
