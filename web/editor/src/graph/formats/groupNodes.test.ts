/** Group nodes of old files run as the nodes that are in them would. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json";
import { defaultWorkflow, openDocument } from "../testing";
import { toApiPrompt } from "./apiPrompt";
import { writeWorkflow } from "./writeWorkflow";

/** The standard workflow with these of its nodes put into a group node, as ComfyUI did it. */
function grouped(config: JsonObject = {}): JsonObject {
  const file = structuredClone(defaultWorkflow()) as { nodes: JsonObject[]; links: number[][] } & JsonObject;
  const members = ["6", "7", "3", "8"];
  const at = (id: unknown) => members.indexOf(String(id));
  const inner = members.map((id) => file.nodes.find((node) => String(node.id) === id) as JsonObject);
  const links = file.links
    .filter(([, , , to]) => at(to) >= 0)
    .map(([, from, output, to, slot]) => [at(from) < 0 ? null : at(from), output ?? 0, at(to), slot ?? 0]);
  const into = (id: number, input: string) => {
    const node = inner.find((one) => one.id === id) as { inputs: JsonObject[] } & JsonObject;
    return node.inputs.find(({ name }) => name === input)?.link ?? null;
  };
  const sampler = inner[2] as { widgets_values: number[] } & JsonObject;
  const decoded = file.links.find(([, from]) => from === 8) as number[];
  decoded[1] = 20;
  const node: JsonObject = {
    id: 20,
    type: "workflow/Draw",
    pos: [400, 200],
    inputs: [
      { name: "clip", type: "CLIP", link: into(6, "clip") },
      { name: "Negative prompt clip", type: "CLIP", link: into(7, "clip") },
      { name: "model", type: "MODEL", link: into(3, "model") },
      { name: "latent_image", type: "LATENT", link: into(3, "latent_image") },
      { name: "vae", type: "VAE", link: into(8, "vae") },
    ],
    outputs: [{ name: "IMAGE", type: "IMAGE", links: [decoded[0] ?? 0] }],
    widgets_values: ["a blue apple", "blurry", 77, "fixed", 9, ...sampler.widgets_values.slice(3)],
  };
  return {
    ...file,
    nodes: [...file.nodes.filter(({ id }) => at(id) < 0), node],
    links: file.links.filter(([, from, , to]) => !(at(from) >= 0 && at(to) >= 0)),
    extra: { groupNodes: { Draw: { nodes: inner, links, external: [], config }, Unused: { nodes: [] } } },
  };
}

/** The inputs of each class, with the classes that feed them in the place of ids. */
function inputsByClass(doc: ReturnType<typeof openDocument>) {
  const prompt = toApiPrompt(doc, { random: () => 0 });
  const named = (value: unknown) =>
    Array.isArray(value) && prompt[String(value[0])]
      ? [prompt[String(value[0])]?.class_type, value[1]]
      : value;
  return Object.values(prompt)
    .map(({ class_type, inputs }) => [
      class_type,
      Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, named(value)])),
    ])
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

function flat(): JsonObject {
  const file = structuredClone(defaultWorkflow()) as {
    nodes: ({ widgets_values: unknown[] } & JsonObject)[];
  };
  const values = (id: number) => file.nodes.find((node) => node.id === id)?.widgets_values as unknown[];
  values(6)[0] = "a blue apple";
  values(7)[0] = "blurry";
  values(3)[0] = 77;
  values(3)[2] = 9;
  return file as unknown as JsonObject;
}

describe("a group node of an old file", () => {
  it("is a subgraph that runs with the values and links of the group's node", () => {
    const doc = openDocument(grouped());
    const node = doc.node("20");
    expect(doc.definition(node?.type ?? "")?.name).toBe("Draw");
    expect(doc.shape("20")?.widgets.map(({ name }) => doc.node("20")?.values[name])).toContain(
      "a blue apple",
    );
    expect(inputsByClass(doc)).toEqual(inputsByClass(openDocument(flat())));
  });

  it("is saved as the subgraph that it is now, and groups that no node stands for are kept", () => {
    const first = openDocument(grouped());
    const again = openDocument(writeWorkflow(first));
    expect(toApiPrompt(again)).toEqual(toApiPrompt(first));
    expect(writeWorkflow(again).extra).toMatchObject({ groupNodes: { Unused: { nodes: [] } } });
    expect(writeWorkflow(again).extra).not.toHaveProperty("groupNodes.Draw");
  });

  it("lends its definition to every node that stands for it, each with values of its own", () => {
    const file = grouped() as { nodes: JsonObject[] } & JsonObject;
    const other = {
      ...file.nodes.at(-1),
      id: 21,
      widgets_values: ["a pear", "", 5, "fixed", 3],
    } as JsonObject;
    const doc = openDocument({ ...file, nodes: [...file.nodes, other] });
    expect([...doc.definitions()]).toHaveLength(1);
    const texts = inputsByClass(doc).flatMap(([type, inputs]) =>
      type === "CLIPTextEncode" ? [(inputs as JsonObject).text] : [],
    );
    expect(texts.sort()).toEqual(["", "a blue apple", "a pear", "blurry"]);
  });

  it("goes by the names that the person gave, and leaves hidden widgets to the node inside", () => {
    const file = grouped({ "2": { input: { steps: { visible: false }, model: { name: "what draws" } } } });
    const node = (file as { nodes: JsonObject[] }).nodes.at(-1) as {
      inputs: JsonObject[];
      widgets_values: unknown[];
    };
    (node.inputs[2] as Record<string, unknown>).name = "what draws";
    node.widgets_values.splice(4, 1);
    const prompt = inputsByClass(openDocument(file));
    const wanted = inputsByClass(openDocument(flat()));
    const sampler = ([type]: unknown[]) => type === "KSampler";
    const expected = wanted.find(sampler)?.[1] as JsonObject;
    const original = inputsByClass(openDocument(defaultWorkflow())).find(sampler)?.[1] as JsonObject;
    expect(prompt.find(sampler)?.[1]).toEqual({ ...expected, steps: original.steps });
  });

  it("with a link into one of its widgets takes what the link brings", () => {
    const file = grouped() as { nodes: JsonObject[]; links: unknown[][] } & JsonObject;
    const node = file.nodes.at(-1) as { inputs: JsonObject[] };
    node.inputs.push({ name: "steps", type: "INT", link: 99, widget: { name: "steps" } });
    file.nodes.push({
      id: 30,
      type: "PrimitiveInt",
      outputs: [{ name: "INT", type: "INT", links: [99] }],
      widgets_values: [12],
    });
    file.links.push([99, 30, 0, 20, 5, "INT"]);
    const prompt = toApiPrompt(openDocument(file as unknown as JsonObject));
    const sampler = Object.values(prompt).find(({ class_type }) => class_type === "KSampler");
    expect(sampler?.inputs.steps).toEqual(["30", 0]);
  });

  for (const [what, group] of Object.entries({
    nothing: {},
    "odd lists": {
      nodes: [null, 7, { type: 5 }],
      links: [[0], "x", [9, 0, 0, 0], [null, 0, 0, 0]],
      config: [],
    },
    "no list": { nodes: "x", links: 3, external: 4, config: 5 },
  }))
    it(`that says ${what} opens all the same`, () => {
      const file = {
        nodes: [{ id: 1, type: "workflow>Odd" }],
        links: [],
        extra: { groupNodes: { Odd: group } },
      };
      expect(openDocument(file as unknown as JsonObject).node("1")).toBeDefined();
    });
});
