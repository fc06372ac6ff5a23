/** Which colour a type has, as the name of a CSS variable; the values live in the style sheet, one per theme. */
import { members } from "../graph/types";

const NAMED: Readonly<Record<string, string>> = {
  MODEL: "model",
  CLIP: "clip",
  VAE: "vae",
  CONDITIONING: "conditioning",
  LATENT: "latent",
  IMAGE: "image",
  MASK: "mask",
  INT: "number",
  FLOAT: "number",
  BOOLEAN: "number",
  STRING: "string",
  COMBO: "string",
  CONTROL_NET: "control",
  CLIP_VISION: "clip",
  CLIP_VISION_OUTPUT: "conditioning",
  NOISE: "number",
  SAMPLER: "sampling",
  SIGMAS: "sampling",
  GUIDER: "sampling",
  AUDIO: "media",
  VIDEO: "media",
  "*": "any",
};

/** Types of packs get one of these, always the same for the same name. */
const OTHERS = [
  "model",
  "clip",
  "vae",
  "conditioning",
  "latent",
  "image",
  "mask",
  "control",
  "sampling",
  "media",
];

export function typeVariable(type: string): string {
  const first = members(type)[0] ?? "*";
  const named = NAMED[first];
  if (named) return `--type-${named}`;
  let hash = 7;
  for (const c of first) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
  return `--type-${OTHERS[hash % OTHERS.length]}`;
}
