/** A small catalogue for tests: the nodes of the default graph and one of each odd kind of input. */
import type { Json, JsonObject } from "../../lib/json";

interface Parts {
  readonly required?: JsonObject;
  readonly optional?: JsonObject;
  readonly output?: readonly string[];
  readonly outputNode?: boolean;
  readonly title?: string;
  readonly aliases?: readonly string[];
}

function entry(
  name: string,
  { required, optional, output = [], outputNode = false, title, aliases = [] }: Parts,
): JsonObject {
  const input = { ...(required && { required }), ...(optional && { optional }) };
  const order = (section?: JsonObject): Json => Object.keys(section ?? {});
  return {
    input,
    input_order: { required: order(required), optional: order(optional) },
    output,
    output_name: output,
    output_is_list: output.map(() => false),
    name,
    display_name: title ?? name,
    description: "",
    python_module: "nodes",
    category: "test",
    output_node: outputNode,
    search_aliases: aliases,
  };
}

const int = (options: JsonObject): Json => ["INT", options];
const float = (options: JsonObject): Json => ["FLOAT", options];

const entries: Readonly<Record<string, Parts>> = {
  CheckpointLoaderSimple: {
    title: "Load Checkpoint",
    required: { ckpt_name: [["easel-starter.safetensors", "other.safetensors"], {}] },
    output: ["MODEL", "CLIP", "VAE"],
  },
  CLIPTextEncode: {
    title: "CLIP Text Encode (Prompt)",
    required: { text: ["STRING", { multiline: true, dynamicPrompts: true }], clip: ["CLIP", {}] },
    output: ["CONDITIONING"],
    aliases: ["prompt"],
  },
  EmptyLatentImage: {
    required: {
      width: int({ default: 512, min: 16, max: 16384, step: 8 }),
      height: int({ default: 512, min: 16, max: 16384, step: 8 }),
      batch_size: int({ default: 1, min: 1, max: 4096 }),
    },
    output: ["LATENT"],
  },
  KSampler: {
    required: {
      model: ["MODEL", {}],
      seed: int({ default: 0, min: 0, max: 18446744073709551615n, control_after_generate: true }),
      steps: int({ default: 20, min: 1, max: 10000 }),
      cfg: float({ default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }),
      sampler_name: [["euler", "dpmpp_2m"], {}],
      scheduler: [["normal", "karras"], {}],
      positive: ["CONDITIONING", {}],
      negative: ["CONDITIONING", {}],
      latent_image: ["LATENT", {}],
      denoise: float({ default: 1, min: 0, max: 1, step: 0.01 }),
    },
    output: ["LATENT"],
  },
  VAEDecode: { required: { samples: ["LATENT", {}], vae: ["VAE", {}] }, output: ["IMAGE"] },
  SaveImage: {
    title: "Save Image",
    required: { images: ["IMAGE", {}], filename_prefix: ["STRING", { default: "ComfyUI" }] },
    outputNode: true,
  },
  LoadImage: { required: { image: [["example.png"], { image_upload: true }] }, output: ["IMAGE", "MASK"] },
  ImageInvert: { required: { image: ["IMAGE", {}] }, output: ["IMAGE"] },
  LatentUpscale: { required: { samples: ["LATENT", {}] }, output: ["LATENT"] },
  PrimitiveInt: { required: { value: int({ control_after_generate: true }) }, output: ["INT"] },
  BatchImagesNode: {
    required: {
      images: [
        "COMFY_AUTOGROW_V3",
        { template: { input: { required: { image: ["IMAGE", {}] } }, prefix: "image", min: 1, max: 5 } },
      ],
    },
    output: ["IMAGE"],
  },
  ResizeImage: {
    required: {
      input: ["COMFY_MATCHTYPE_V3", { template: { template_id: "t", allowed_types: "IMAGE,MASK" } }],
      resize_type: [
        "COMFY_DYNAMICCOMBO_V3",
        {
          options: [
            {
              key: "by size",
              inputs: { required: { width: int({ default: 512 }), height: int({ default: 512 }) } },
            },
            { key: "by factor", inputs: { required: { factor: float({ default: 1.5 }) } } },
          ],
        },
      ],
      method: [["area", "lanczos"], {}],
    },
    output: ["IMAGE"],
  },
  Switch: {
    required: { on: ["BOOLEAN", { default: true }], list: ["COMBO", { options: ["a", "b"] }] },
    output: ["STRING"],
  },
};

export const objectInfo: JsonObject = Object.fromEntries(
  Object.entries(entries).map(([name, parts]) => [name, entry(name, parts)]),
);
