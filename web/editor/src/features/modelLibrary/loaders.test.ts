import { describe, expect, it } from "vitest";
import { parseObjectInfo } from "../../graph/nodeDefs";
import { loaderFor } from "./loaders";

const combo = (name: string, ...files: string[]) => ({
  input: { required: { [name]: [files, {}] } },
  output: [],
});
const { defs } = parseObjectInfo({
  ImageOnlyCheckpointLoader: combo("ckpt_name", "sd.safetensors"),
  CheckpointLoaderSimple: combo("ckpt_name", "sd.safetensors"),
  PackLoader: combo("thing", "odd/x.gguf"),
});
const file = (folder: string, name: string) => ({ folder, name, pathIndex: 0, size: 1 });

describe("the node that loads a model", () => {
  it("is the usual one of its kind, with the model chosen", () => {
    expect(loaderFor(file("checkpoints", "sd.safetensors"), defs)).toEqual({
      type: "CheckpointLoaderSimple",
      values: { ckpt_name: "sd.safetensors" },
    });
  });
  it("is otherwise one that offers it", () => {
    expect(loaderFor(file("gguf", "odd/x.gguf"), defs)?.type).toBe("PackLoader");
    expect(loaderFor(file("checkpoints", "gone.safetensors"), defs)).toBeNull();
  });
});
