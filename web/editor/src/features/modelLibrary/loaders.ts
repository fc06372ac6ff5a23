/** Which node loads a model, told from its kind and from what the combos of the catalogue offer. */
import type { NewNode } from "../../actions/place";
import type { ModelFile } from "../../api/models";
import type { NodeDefs } from "../../graph/nodeDefs";

const USUAL: Readonly<Record<string, string>> = {
  checkpoints: "CheckpointLoaderSimple",
  clip_vision: "CLIPVisionLoader",
  controlnet: "ControlNetLoader",
  diffusion_models: "UNETLoader",
  gligen: "GLIGENLoader",
  hypernetworks: "HypernetworkLoader",
  loras: "LoraLoader",
  photomaker: "PhotoMakerLoader",
  style_models: "StyleModelLoader",
  text_encoders: "CLIPLoader",
  upscale_models: "UpscaleModelLoader",
  vae: "VAELoader",
};

/** The loader with the model chosen in it; null when no node takes it. */
export function loaderFor({ folder, name }: ModelFile, defs: NodeDefs): NewNode | null {
  const usual = defs.get(USUAL[folder] ?? "");
  for (const def of usual ? [usual, ...defs.values()] : defs.values()) {
    const input = def.inputs.find(({ widget }) => widget?.kind === "combo" && widget.options.includes(name));
    if (input) return { type: def.type, values: { [input.name]: name } };
  }
  return null;
}
