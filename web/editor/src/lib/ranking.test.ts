import { describe, expect, it } from "vitest";
import { searchOver } from "./ranking";

const NODES = [
  { label: "Circular VAE Decode (tile)", words: "CircularVAEDecode" },
  { label: "CLIP Text Encode (SDXL)", words: "CLIPTextEncodeSDXL" },
  { label: "CLIP Text Encode (Prompt)", words: "CLIPTextEncode" },
  { label: "Empty Latent Image", words: "EmptyLatentImage model/latent" },
  { label: "KSampler (Advanced)", words: "KSamplerAdvanced sampling" },
  { label: "KSampler", words: "KSampler sampling" },
  { label: "Latent Blend", words: "LatentBlend" },
  { label: "SamplerCustom", words: "SamplerCustom sampling" },
  { label: "Load VAE", words: "VAELoader" },
  { label: "Save Animated PNG", words: "SaveAnimatedPNG" },
  { label: "Save Image", words: "SaveImage" },
  { label: "Upscale Image By", words: "ImageScaleBy image/upscaling" },
  { label: "VAE Decode (Tiled)", words: "VAEDecodeTiled" },
  { label: "VAE Decode", words: "VAEDecode" },
];
const first = (query: string, nodes: readonly { label: string; words: string }[] = NODES) =>
  searchOver(nodes)(query)[0]?.label;

describe("what is found first", () => {
  it("is what is called so, in words or by its class", () => {
    expect(first("vae decode")).toBe("VAE Decode");
    expect(first("cliptextencode")).toBe("CLIP Text Encode (Prompt)");
  });

  it("is the shortest name that has words that begin so, in any order", () => {
    expect(first("vae")).toBe("VAE Decode");
    expect(first("ksamp")).toBe("KSampler");
    expect(first("decode va")).toBe("VAE Decode");
    expect(first("save")).toBe("Save Image");
  });

  it("is what is familiar, where names are as good as each other", () => {
    const known = NODES.map((node) => ({
      ...node,
      familiar: /^(KSampler|Empty Latent Image)$/.test(node.label),
    }));
    expect(first("sampler", known)).toBe("KSampler");
    expect(first("latent", known)).toBe("Empty Latent Image");
    expect(first("vae", known)).toBe("VAE Decode");
  });

  it("is found by its category too, and with a letter missing", () => {
    expect(first("upscaling")).toBe("Upscale Image By");
    expect(first("image/upscaling")).toBe("Upscale Image By");
    expect(first("ksampler adv")).toBe("KSampler (Advanced)");
    expect(first("kampler")).toMatch(/^KSampler/);
  });

  it("is everything, as it was, before anything is typed, and nothing for nonsense", () => {
    expect(searchOver(NODES)("  ")).toBe(NODES);
    expect(first("zzz")).toBeUndefined();
  });
});
