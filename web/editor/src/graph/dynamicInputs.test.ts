import { describe, expect, it } from "vitest";
import { parseJson, stringifyJson } from "../lib/json";
import { GraphDocument } from "./document";
import { addNode, connect, disconnect, setValue } from "./edit";
import { toApiPrompt } from "./formats/apiPrompt";
import { readWorkflow } from "./formats/readWorkflow";
import { writeWorkflow } from "./formats/writeWorkflow";
import { parseObjectInfo } from "./nodeDefs";

const image = ["IMAGE", {}];
const latent = ["LATENT", {}];
const same = ["COMFY_MATCHTYPE_V3", { template: { template_id: "T", allowed_types: "*" } }];
const grow = (min: number) => [
  "COMFY_AUTOGROW_V3",
  { template: { input: { required: { image } }, prefix: "image", min, max: 4 } },
];

const { defs } = parseObjectInfo({
  Picture: { input: {}, output: ["IMAGE"] },
  Noise: { input: {}, output: ["LATENT"] },
  Show: { input: { required: { image } }, output: [], output_node: true },
  Decode: { input: { required: { latent }, optional: { mask: ["MASK", {}] } }, output: ["IMAGE"] },
  Batch: { input: { required: { images: grow(1) } }, output: ["IMAGE"] },
  Switch: {
    input: { required: { on_false: same, on_true: same, switch: ["BOOLEAN", {}] } },
    output: ["COMFY_MATCHTYPE_V3"],
    output_matchtypes: ["T"],
  },
  Choose: {
    input: {
      required: {
        how: [
          "COMFY_DYNAMICCOMBO_V3",
          {
            options: [
              { key: "plain", inputs: { required: { scale: ["FLOAT", { default: 2 }] } } },
              { key: "like", inputs: { required: { image, more: grow(0) } } },
              { key: "plain", inputs: { required: { again: ["FLOAT", {}] } } },
            ],
          },
        ],
      },
    },
    output: ["IMAGE"],
  },
});

function graph(...types: string[]) {
  const doc = new GraphDocument(defs);
  doc.load(readWorkflow({ nodes: [], links: [] }, defs));
  return { doc, ids: types.map((type) => addNode(doc, type, { x: 0, y: 0 })) as string[] & [string, string] };
}

const sockets = (doc: GraphDocument, id: string) => doc.shape(id)?.sockets.map(({ name }) => name);
const again = (doc: GraphDocument) => {
  const copy = new GraphDocument(defs);
  copy.load(readWorkflow(parseJson(stringifyJson(writeWorkflow(doc))), defs));
  return copy;
};

describe("a group of sockets that grows", () => {
  it("has one more than is linked, up to its end, and shrinks from its end; gaps stay", () => {
    const { doc, ids } = graph("Picture", "Batch");
    const [picture, batch] = ids;
    const link = (n: number) =>
      connect(doc, { node: picture, output: 0 }, { node: batch, input: `images.image${n}` });
    expect(sockets(doc, batch)).toEqual(["images.image0"]);
    for (const n of [0, 1, 2, 3]) expect(link(n)).toBe(true);
    expect(sockets(doc, batch)?.length).toBe(4);
    const at = (n: number) => doc.linkInto(batch, `images.image${n}`);
    for (const n of [3, 1]) disconnect(doc, at(n) as NonNullable<ReturnType<typeof at>>);
    expect(sockets(doc, batch)).toEqual([0, 1, 2, 3].map((n) => `images.image${n}`));
    const inputs = { "images.image0": [picture, 0], "images.image2": [picture, 0] };
    expect(toApiPrompt(doc)[batch]?.inputs).toEqual(inputs);
    const copy = again(doc);
    expect(sockets(copy, batch)).toEqual(sockets(doc, batch));
    expect(toApiPrompt(copy)[batch]?.inputs).toEqual(inputs);
    disconnect(doc, at(2) as NonNullable<ReturnType<typeof at>>);
    expect(sockets(doc, batch)).toEqual(["images.image0", "images.image1"]);
  });
});

describe("a choice that brings inputs", () => {
  it("takes them and their links away with another choice, and undo brings both back", () => {
    const { doc, ids } = graph("Picture", "Choose");
    const [picture, choose] = ids;
    expect(sockets(doc, choose)).toEqual([]);
    expect(doc.shape(choose)?.widgets.map(({ name }) => name)).toEqual(["how", "how.scale"]);
    setValue(doc, choose, "how", "like");
    expect(sockets(doc, choose)).toEqual(["how.image", "how.more.image0"]);
    connect(doc, { node: picture, output: 0 }, { node: choose, input: "how.image" });
    connect(doc, { node: picture, output: 0 }, { node: choose, input: "how.more.image0" });
    expect(sockets(doc, choose)).toEqual(["how.image", "how.more.image0", "how.more.image1"]);
    const like = { how: "like", "how.image": [picture, 0], "how.more.image0": [picture, 0] };
    expect(toApiPrompt(doc)[choose]?.inputs).toEqual(like);
    expect(toApiPrompt(again(doc))[choose]?.inputs).toEqual(like);
    setValue(doc, choose, "how", "plain");
    expect([...doc.links()]).toEqual([]);
    expect(toApiPrompt(again(doc))[choose]?.inputs).toEqual({ how: "plain", "how.scale": 2 });
    doc.store.undo();
    expect(toApiPrompt(doc)[choose]?.inputs).toEqual(like);
  });
});

describe("inputs of one type, whichever it is", () => {
  it("take on that of the first link, and so does the output", () => {
    const { doc, ids } = graph("Picture", "Noise", "Switch", "Show");
    const [picture = "", noise = "", chosen = "", show = ""] = ids;
    const on = (input: string) => ({ node: chosen, input });
    expect(doc.outputType(chosen, 0)).toBe("*");
    expect(connect(doc, { node: picture, output: 0 }, on("on_false"))).toBe(true);
    expect([doc.inputType(chosen, "on_true"), doc.outputType(chosen, 0)]).toEqual(["IMAGE", "IMAGE"]);
    expect(connect(doc, { node: noise, output: 0 }, on("on_true"))).toBe(false);
    expect(connect(doc, { node: chosen, output: 0 }, { node: show, input: "image" })).toBe(true);
    // The only link that says which type it is may say another; what does not fit any more is let go.
    expect(connect(doc, { node: noise, output: 0 }, on("on_false"))).toBe(true);
    expect(doc.outputType(chosen, 0)).toBe("LATENT");
    expect(doc.linkInto(show, "image")).toBeUndefined();
    doc.store.undo();
    expect(doc.linkInto(show, "image")?.from).toBe(chosen);
  });
});

describe("an optional input", () => {
  it("is sent only when it is linked", () => {
    const { doc, ids } = graph("Noise", "Decode");
    const [noise, decode] = ids;
    connect(doc, { node: noise, output: 0 }, { node: decode, input: "latent" });
    expect(doc.shape(decode)?.sockets.map(({ optional }) => optional)).toEqual([false, true]);
    expect(toApiPrompt(doc)[decode]?.inputs).toEqual({ latent: [noise, 0] });
  });
});
