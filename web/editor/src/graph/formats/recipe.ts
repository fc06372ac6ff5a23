/** What a prompt says about how its picture was made, in the few words that people ask for: model, seed, steps, texts. */
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** Inputs that are told, by the name that they have in every node. */
const TOLD: Readonly<Record<string, string>> = {
  ckpt_name: "Model",
  unet_name: "Model",
  lora_name: "LoRA",
  seed: "Seed",
  noise_seed: "Seed",
  steps: "Steps",
  cfg: "CFG",
  guidance: "Guidance",
  sampler_name: "Sampler",
  scheduler: "Scheduler",
  denoise: "Denoise",
};
const ORDER = [...new Set(Object.values(TOLD)), "Prompt", "Negative prompt"];

/** Each kind of fact once, with all the values that it has in the prompt, in the order above. */
export function recipeOf(prompt: Json): readonly Fact[] {
  const nodes = isObject(prompt) ? prompt : {};
  const found = new Map<string, Set<string>>();
  const tell = (label: string, value: string) => found.set(label, (found.get(label) ?? new Set()).add(value));
  for (const inputs of Object.values(nodes).map(inputsOf)) {
    for (const [name, value] of Object.entries(inputs)) {
      const label = TOLD[name];
      if (label && isPlain(value)) tell(label, String(value));
    }
    // A guider without a negative one has a single conditioning.
    const positive = inputs.positive ?? ("model" in inputs ? inputs.conditioning : undefined);
    for (const text of textsInto(nodes, positive)) tell("Prompt", text);
    for (const text of textsInto(nodes, inputs.negative)) tell("Negative prompt", text);
  }
  return ORDER.flatMap((label) => {
    const values = found.get(label);
    return values ? [{ label, value: [...values].join(label.endsWith("rompt") ? "\n\n" : ", ") }] : [];
  });
}

/** The texts that a link comes from, through whatever lies between. */
function textsInto(nodes: JsonObject, link: Json | undefined): Set<string> {
  const texts = new Set<string>();
  const seen = new Set<string>();
  const todo = [link];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const id = isArray(one) && one.length === 2 ? String(one[0]) : "";
    if (!id || seen.has(id)) continue;
    seen.add(id);
    const inputs = inputsOf(nodes[id]);
    if (isSampler(inputs)) continue;
    const own = Object.entries(inputs).filter(([name, value]) => /text|prompt/.test(name) && isText(value));
    for (const [, text] of own) texts.add(String(text));
    if (!own.length) todo.push(...Object.values(inputs));
  }
  return texts;
}

/** What makes a picture before this one: its texts are told as its own. */
function isSampler(inputs: JsonObject): boolean {
  return "seed" in inputs || "noise" in inputs || "noise_seed" in inputs;
}

function inputsOf(node: Json | undefined): JsonObject {
  return isObject(node) && isObject(node.inputs) ? node.inputs : {};
}

function isText(value: Json | undefined): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function isPlain(value: Json | undefined): boolean {
  return typeof value === "number" || typeof value === "bigint" || isText(value);
}
