/** `widgets_values` is an array by position. This says which position belongs to what. */
import type { Json } from "../../lib/json";
import type { InputDef, NodeDef } from "../nodeDefs";
import { expandInputs } from "../nodeShape";
import type { NodeRecord } from "../records";
import { isVirtual, PRIMITIVE } from "../virtualNodes";
import type { WidgetSpec } from "../widgets";

export type Place =
  | { readonly kind: "value"; readonly name: string; readonly spec: WidgetSpec | null }
  | { readonly kind: "control"; readonly name: string }
  /** A button or helper of ComfyUI's page that is no input; kept as it was. */
  | { readonly kind: "other" };

const OTHER: Place = { kind: "other" };

/** Reads places one by one, since a chosen branch of a dynamic combo brings places of its own. */
export function placesOf(type: string, def: NodeDef, values: NodeRecord["values"]): Place[] {
  if (isVirtual(type) && type === PRIMITIVE) {
    return [{ kind: "value", name: "value", spec: null }, { kind: "control", name: "value" }, OTHER];
  }
  const result: Place[] = [];
  const uploads: Place[] = [];
  for (const input of expandInputs(def.inputs, values, () => false)) {
    result.push(...inputPlaces(input));
    if (input.widget?.kind === "combo" && input.widget.upload) uploads.push(OTHER);
  }
  return [...result, ...uploads];
}

function inputPlaces({ name, widget }: InputDef): Place[] {
  if (!widget || widget.kind === "compare") return [];
  const places: Place[] = [{ kind: "value", name, spec: widget }];
  if (widget.control) {
    places.push({ kind: "control", name });
    if (widget.kind === "combo") places.push(OTHER);
  }
  if (widget.kind === "box") places.push(OTHER, OTHER, OTHER, OTHER);
  return places;
}

/**
 * Old files have a place for each `forceInput` input too. When the array is exactly that long, those places are taken
 * out; otherwise it is returned as it is.
 */
export function dropSocketPlaces(
  def: NodeDef,
  array: readonly Json[],
  places: readonly Place[],
): readonly Json[] {
  const isForced = (input: InputDef) =>
    !input.widget && /^(INT|FLOAT|STRING|BOOLEAN|COMBO)$/.test(input.type);
  const forced = def.inputs.filter(isForced);
  if (!forced.length || array.length !== places.length + forced.length) return array;
  const keep: boolean[] = def.inputs.flatMap((input) =>
    isForced(input) ? [false] : inputPlaces(input).map(() => true),
  );
  return array.filter((_, i) => keep[i] ?? true);
}
