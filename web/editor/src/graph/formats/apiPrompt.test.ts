import { describe, expect, it } from "vitest";
import { isArray, type Json, type JsonObject, parseJson, stringifyJson } from "../../lib/json";
import { addNode, connect, setValue, toggleMode } from "../edit";
import { Mode } from "../records";
import { defaultDocument, defs, openDocument } from "../testing";
import { needsServerConversion, toApiPrompt } from "./apiPrompt";
import { drawPrompt } from "./promptText";
import { isApiPrompt, readPrompt } from "./readPrompt";

const inputs = (doc: ReturnType<typeof defaultDocument>, id: string) => toApiPrompt(doc)[id]?.inputs;

describe("prompts for the server", () => {
  it("is the classic prompt for the default workflow", () => {
    expect(toApiPrompt(defaultDocument())).toEqual({
      "3": {
        class_type: "KSampler",
        _meta: { title: "KSampler" },
        inputs: {
          seed: 1,
          steps: 20,
          cfg: 4,
          sampler_name: "dpmpp_2m",
          scheduler: "karras",
          denoise: 1,
          model: ["4", 0],
          positive: ["6", 0],
          negative: ["7", 0],
          latent_image: ["5", 0],
        },
      },
      "4": {
        class_type: "CheckpointLoaderSimple",
        _meta: { title: "Load Checkpoint" },
        inputs: { ckpt_name: "easel-starter.safetensors" },
      },
      "5": {
        class_type: "EmptyLatentImage",
        _meta: { title: "EmptyLatentImage" },
        inputs: { width: 128, height: 128, batch_size: 1 },
      },
      "6": {
        class_type: "CLIPTextEncode",
        _meta: { title: "Positive prompt" },
        inputs: { text: "a red apple", clip: ["4", 1] },
      },
      "7": {
        class_type: "CLIPTextEncode",
        _meta: { title: "Negative prompt" },
        inputs: { text: "", clip: ["4", 1] },
      },
      "8": {
        class_type: "VAEDecode",
        _meta: { title: "VAEDecode" },
        inputs: { samples: ["3", 0], vae: ["4", 2] },
      },
      "9": {
        class_type: "SaveImage",
        _meta: { title: "Save Image" },
        inputs: { filename_prefix: "Easel", images: ["8", 0] },
      },
    });
  });

  it("sends a 64-bit seed as the integer it is", () => {
    const doc = defaultDocument();
    setValue(doc, "3", "seed", 18446744073709551615n);
    expect(stringifyJson(toApiPrompt(doc))).toContain('"seed":18446744073709551615,');
  });

  it("leaves out muted nodes and the links to them", () => {
    const doc = defaultDocument();
    toggleMode(doc, ["5"], Mode.muted, "Mute");
    const prompt = toApiPrompt(doc);
    expect(prompt["5"]).toBeUndefined();
    expect(prompt["3"]?.inputs).not.toHaveProperty("latent_image");
  });

  it("sends a widget's own value when the link into it leads to a muted node", () => {
    const doc = defaultDocument();
    const number = addNode(doc, "PrimitiveInt", { x: 0, y: 0 });
    connect(doc, { node: number, output: 0 }, { node: "3", input: "steps" });
    expect(inputs(doc, "3")?.steps).toEqual([number, 0]);
    toggleMode(doc, [number], Mode.muted, "Mute");
    expect(inputs(doc, "3")?.steps).toBe(20);
  });

  it("goes through a bypassed node to what feeds the input of the same type", () => {
    const doc = defaultDocument();
    const invert = addNode(doc, "ImageInvert", { x: 0, y: 0 });
    connect(doc, { node: "8", output: 0 }, { node: invert, input: "image" });
    connect(doc, { node: invert, output: 0 }, { node: "9", input: "images" });
    toggleMode(doc, [invert], Mode.bypassed, "Bypass");
    expect(inputs(doc, "9")?.images).toEqual(["8", 0]);
  });

  it("drops the link when the input that a bypass leads to is open", () => {
    const doc = defaultDocument();
    const invert = addNode(doc, "ImageInvert", { x: 0, y: 0 });
    connect(doc, { node: invert, output: 0 }, { node: "9", input: "images" });
    toggleMode(doc, [invert], Mode.bypassed, "Bypass");
    expect(inputs(doc, "9")).not.toHaveProperty("images");
  });

  it("follows chains of reroutes", () => {
    const doc = defaultDocument();
    const [a, b] = [addNode(doc, "Reroute", { x: 0, y: 0 }), addNode(doc, "Reroute", { x: 0, y: 0 })];
    connect(doc, { node: "8", output: 0 }, { node: a, input: "" });
    connect(doc, { node: a, output: 0 }, { node: b, input: "" });
    connect(doc, { node: b, output: 0 }, { node: "9", input: "images" });
    const prompt = toApiPrompt(doc);
    expect(prompt["9"]?.inputs.images).toEqual(["8", 0]);
    expect(Object.keys(prompt)).not.toContain(a);
  });

  it("lets a primitive overwrite the widgets it feeds", () => {
    const doc = defaultDocument();
    const primitive = addNode(doc, "PrimitiveNode", { x: 0, y: 0 });
    connect(doc, { node: primitive, output: 0 }, { node: "3", input: "steps" });
    setValue(doc, primitive, "value", 99);
    expect(inputs(doc, "3")?.steps).toBe(99);
    expect(toApiPrompt(doc)[primitive]).toBeUndefined();
  });

  it("wraps lists, so that they do not read as links", () => {
    const doc = defaultDocument();
    setValue(doc, "9", "filename_prefix", ["a", 1]);
    expect(inputs(doc, "9")?.filename_prefix).toEqual({ __value__: ["a", 1] });
  });

  it("sends the inputs of a chosen branch, and only linked sockets of a growing group", () => {
    const doc = defaultDocument();
    const resize = addNode(doc, "ResizeImage", { x: 0, y: 0 });
    setValue(doc, resize, "resize_type", "by factor");
    const batch = addNode(doc, "BatchImagesNode", { x: 0, y: 0 });
    connect(doc, { node: "8", output: 0 }, { node: batch, input: "images.image0" });
    expect(doc.shape(batch)?.sockets.map((socket) => socket.name)).toEqual([
      "images.image0",
      "images.image1",
    ]);
    expect(inputs(doc, resize)).toEqual({
      resize_type: "by factor",
      "resize_type.factor": 1.5,
      method: "area",
    });
    expect(inputs(doc, batch)).toEqual({ "images.image0": ["8", 0] });
  });

  it("leaves group nodes that the file says nothing of to the server", () => {
    const doc = openDocument({ nodes: [{ id: 1, type: "workflow>Mine" }], links: [] });
    expect(needsServerConversion(doc)).toBe(true);
    expect(needsServerConversion(defaultDocument())).toBe(false);
  });

  it("fills in names of files", () => {
    const doc = defaultDocument();
    setValue(doc, "9", "filename_prefix", "%date:yyyy-MM-dd%/%KSampler.sampler_name%_%width%");
    const prompt = toApiPrompt(doc, { now: new Date(2026, 10, 5) });
    expect(prompt["9"]?.inputs.filename_prefix).toBe("2026-11-05/dpmpp_2m_%width%");
  });
});

describe("prompt text", () => {
  const draw = (text: string, ...picks: number[]) => drawPrompt(text, () => picks.shift() ?? 0);
  it("draws one of the choices, also nested", () => {
    expect(draw("a {red|green} apple", 0.9)).toBe("a green apple");
    expect(draw("{a|{b|c}}", 0.9, 0.9)).toMatch(/^[abc]$/);
    expect(draw("{one}")).toBe("one");
  });
  it("cuts comments and keeps what is escaped", () => {
    expect(draw("cat /* no */dog // rest\nbird")).toBe("cat dog \nbird");
    expect(draw("\\{a\\|b\\}")).toBe("{a|b}");
  });
});

describe("prompts as files", () => {
  it("become a graph that gives the same prompt again", () => {
    const prompt = toApiPrompt(defaultDocument());
    const doc = defaultDocument();
    doc.load(readPrompt(parseJson(stringifyJson(prompt)), defs));
    expect(toApiPrompt(doc)).toEqual(prompt);
  });

  it("are laid out from left to right without overlap", () => {
    const doc = defaultDocument();
    doc.load(readPrompt(toApiPrompt(defaultDocument()) as JsonObject, defs));
    for (const link of doc.links()) {
      expect(doc.node(link.from)?.pos.x).toBeLessThan(doc.node(link.to)?.pos.x ?? 0);
    }
    const places = [...doc.nodes()].map((node) => `${node.pos.x},${node.pos.y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("are told from workflows", () => {
    expect(isApiPrompt(toApiPrompt(defaultDocument()) as JsonObject)).toBe(true);
    expect(isApiPrompt({ nodes: [], links: [] })).toBe(false);
    expect(isApiPrompt([] as Json) || isArray({})).toBe(false);
  });
});
