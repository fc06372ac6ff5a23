import { describe, expect, it } from "vitest";
import type { Json } from "../../lib/json";
import { recipeOf } from "./recipe";

const TEXT_TO_IMAGE: Json = {
  "3": {
    class_type: "KSampler",
    inputs: {
      seed: 18446744073709551615n,
      steps: 20,
      cfg: 7.5,
      sampler_name: "euler",
      scheduler: "karras",
      positive: ["6", 0],
      negative: ["7", 0],
      model: ["10", 0],
    },
  },
  "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "easel.safetensors" } },
  "6": { class_type: "CLIPTextEncode", inputs: { text: "a red apple", clip: ["4", 1] } },
  "7": { class_type: "ConditioningZeroOut", inputs: { conditioning: ["8", 0] } },
  "8": { class_type: "CLIPTextEncode", inputs: { text: "blurred", clip: ["4", 1] } },
  "10": { class_type: "LoraLoader", inputs: { lora_name: "ink.safetensors", model: ["4", 0] } },
};

describe("what a prompt tells about its picture", () => {
  it("is in one order, with the seed to the last digit and the texts found through other nodes", () => {
    expect(Object.fromEntries(recipeOf(TEXT_TO_IMAGE).map(({ label, value }) => [label, value]))).toEqual({
      Model: "easel.safetensors",
      LoRA: "ink.safetensors",
      Seed: "18446744073709551615",
      Steps: "20",
      CFG: "7.5",
      Sampler: "euler",
      Scheduler: "karras",
      Prompt: "a red apple",
      "Negative prompt": "blurred",
    });
  });

  it("names each value once, and a linked one not at all", () => {
    const twice: Json = {
      "1": { class_type: "KSampler", inputs: { seed: 5, steps: ["9", 0] } },
      "2": { class_type: "KSampler", inputs: { seed: 5 } },
      "3": { class_type: "RandomNoise", inputs: { noise_seed: 6 } },
    };
    expect(recipeOf(twice)).toEqual([{ label: "Seed", value: "5, 6" }]);
  });

  it("is nothing for what is no prompt, and ends where nodes are linked in a circle", () => {
    expect(recipeOf(null)).toEqual([]);
    expect(recipeOf([1, 2])).toEqual([]);
    const circle: Json = {
      "1": { class_type: "A", inputs: { positive: ["2", 0] } },
      "2": { class_type: "B", inputs: { conditioning: ["2", 0] } },
    };
    expect(recipeOf(circle)).toEqual([]);
  });
});
