import { describe, expect, it, vi } from "vitest";
import { readEmbedded } from "./embedded";

const WORKFLOW =
  '{"last_node_id": 1, "nodes": [{"id": 1, "title": "a } \\" {brace"}], "links": [], "seed": 18446744073709551615}';
const PROMPT = '{"1": {"class_type": "KSampler", "inputs": {}}}';
const utf8 = (text: string) => new TextEncoder().encode(text);

function bytes(...parts: (string | readonly number[])[]): ArrayBuffer {
  const all = parts.flatMap((part) => [...(typeof part === "string" ? utf8(part) : part)]);
  return new Uint8Array(all).buffer;
}
const noise = (length: number) => Array.from({ length }, (_, i) => (i * 7919 + (i >> 3)) % 256);

describe("what a file carries", () => {
  it("is found between the bytes of any container, the workflow before the prompt", async () => {
    const webp = bytes(
      "RIFF",
      noise(40),
      "EXIF",
      [0, 1],
      "Prompt:",
      PROMPT,
      [0],
      "Workflow:",
      WORKFLOW,
      [0],
      noise(500),
    );
    const { graph } = await readEmbedded(webp);
    expect(graph).toMatchObject({ last_node_id: 1, seed: 18446744073709551615n });
    expect((await readEmbedded(bytes("ID3", [0], PROMPT, noise(300)))).graph).toEqual(JSON.parse(PROMPT));
  });

  it("is taken out of the header of safetensors, where it is text within JSON", async () => {
    const header = JSON.stringify({
      __metadata__: { prompt: PROMPT, workflow: WORKFLOW },
      latent: { dtype: "F32" },
    });
    expect((await readEmbedded(bytes([200, 1, 0, 0, 0, 0, 0, 0], header, noise(64)))).graph).toMatchObject({
      last_node_id: 1,
    });
  });

  it("is put together from the pages of an Ogg file", async () => {
    const text = `workflow=${WORKFLOW}`;
    const page = (part: string) =>
      ["OggS", Array(22).fill(1) as number[], [1, utf8(part).length], part] as const;
    const half = 40;
    const file = bytes(...page(text.slice(0, half)), ...page(text.slice(half)));
    expect((await readEmbedded(file)).graph).toMatchObject({ last_node_id: 1 });
  });

  it("is read from plain JSON with any layout, and from SVG", async () => {
    expect((await readEmbedded(bytes(`  {\n\t"nodes": [],\r\n "links": []}`))).graph).toEqual({
      nodes: [],
      links: [],
    });
    const svg = `<svg><metadata><![CDATA[{"prompt": ${PROMPT}, "workflow": ${WORKFLOW}}]]></metadata></svg>`;
    expect((await readEmbedded(bytes(svg))).graph).toMatchObject({ last_node_id: 1 });
  });

  it("is nothing in files that have none, however odd they are", async () => {
    const odd = [
      "",
      "{",
      '{"',
      '{"a": {"b": 1}}',
      "{}{}{}",
      `{"nodes": [`,
      '{"x": "\u0000"}',
      `{"a":${"[".repeat(5000)}`,
    ];
    for (const text of odd) expect((await readEmbedded(bytes(text))).graph).toBeNull();
    expect((await readEmbedded(bytes(noise(100_000)))).graph).toBeNull();
  });

  it("is not looked for without end in a file that opens objects and never closes them", async () => {
    const hostile = new Uint8Array(400_000).map((_, i) => (i % 2 ? 0x22 : 0x7b));
    const read = vi.spyOn(Uint8Array.prototype, "indexOf");
    expect((await readEmbedded(hostile.buffer)).graph).toBeNull();
    expect(read.mock.calls.length).toBeLessThan(1000);
    read.mockRestore();
  });
});
