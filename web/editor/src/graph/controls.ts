/** "Control after generate": what a widget becomes once its value has been queued. */
import type { Json } from "../lib/json";
import { addInt, compact, type Numeric, randomInt, toBigInt } from "../lib/numeric";
import type { GraphDocument } from "./document";
import { type ControlMode, Mode, type NodeId } from "./records";
import type { WidgetSpec } from "./widgets";

/** Numbers drawn at random stay below this, as everybody's seeds do. */
const LARGEST_DRAW = 1125899906842624n;

/** Applies the controls of all queued nodes. Linked widgets keep their value; the change is no step of undo. */
export function applyControls(doc: GraphDocument, random: () => number = Math.random): NodeId[] {
  const changed: NodeId[] = [];
  doc.store.applyOutsideHistory((tx) => {
    for (const node of [...doc.nodes()]) {
      if (node.mode === Mode.muted || node.mode === Mode.bypassed) continue;
      const values: Record<string, Json> = { ...node.values };
      for (const widget of doc.shape(node.id)?.widgets ?? []) {
        const mode = node.controls[widget.name];
        if (!mode || mode === "fixed" || doc.linkInto(node.id, widget.name)) continue;
        values[widget.name] = nextValue(
          widget.spec,
          values[widget.name] ?? widget.spec.default,
          mode,
          random,
        );
      }
      if (Object.keys(values).every((name) => values[name] === node.values[name])) continue;
      tx.put({ ...node, values });
      changed.push(node.id);
    }
  });
  return changed;
}

export function nextValue(spec: WidgetSpec, value: Json, mode: ControlMode, random: () => number): Json {
  if (mode === "fixed") return value;
  if (spec.kind === "combo") return nextOption(spec.options, value, mode, random);
  if (spec.kind !== "int" || (typeof value !== "number" && typeof value !== "bigint")) return value;
  if (mode === "randomize") return draw(spec.min, spec.max, spec.step, random);
  return addInt(value, mode === "decrement" ? -toBigInt(spec.step) : spec.step, spec);
}

function draw(min: Numeric = 0, max: Numeric = LARGEST_DRAW, step: Numeric, random: () => number): Json {
  const low = toBigInt(min) < -LARGEST_DRAW ? -LARGEST_DRAW : toBigInt(min);
  const high = toBigInt(max) > LARGEST_DRAW ? LARGEST_DRAW : toBigInt(max);
  const stride = toBigInt(step) > 0n ? toBigInt(step) : 1n;
  return compact(low + randomInt(0n, (high - low) / stride, random) * stride);
}

function nextOption(options: readonly Json[], value: Json, mode: ControlMode, random: () => number): Json {
  if (!options.length) return value;
  const at = options.indexOf(value);
  if (mode === "randomize") return options[Math.floor(random() * options.length)] ?? value;
  const next = mode === "decrement" ? at - 1 : at + 1;
  if (mode === "increment-wrap") return options[next % options.length] ?? value;
  return options[Math.min(options.length - 1, Math.max(0, next))] ?? value;
}
