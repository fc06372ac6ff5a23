import { afterEach, describe, expect, it, vi } from "vitest";
import { readBinaryFrame } from "./binaryFrames";
import { HttpApi, PromptRejected, RequestFailed } from "./http";
import { readMessage } from "./messages";
import { readHistory } from "./readers";

function frame(kind: number, second: number, ...parts: Uint8Array[]): ArrayBuffer {
  const body = parts.flatMap((part) => [...part]);
  const bytes = new Uint8Array(8 + body.length);
  new DataView(bytes.buffer).setUint32(0, kind);
  new DataView(bytes.buffer).setUint32(4, second);
  bytes.set(body, 8);
  return bytes.buffer;
}
const utf8 = (text: string) => new TextEncoder().encode(text);

describe("binary frames", () => {
  it("reads a plain preview", async () => {
    const message = readBinaryFrame(frame(1, 2, new Uint8Array([1, 2, 3])));
    expect(message).toMatchObject({ type: "preview", node: null });
    if (message?.type !== "preview") throw new Error("wrong kind");
    expect(message.image.type).toBe("image/png");
    expect([...new Uint8Array(await message.image.arrayBuffer())]).toEqual([1, 2, 3]);
  });

  it("reads progress text, as captured from the reference server", () => {
    expect(readBinaryFrame(frame(3, 1, utf8("2"), utf8("hello é")))).toEqual({
      type: "text",
      node: "2",
      text: "hello é",
    });
  });

  it("reads a preview with its node", () => {
    const meta = utf8(
      JSON.stringify({ node_id: "3", display_node_id: "20", prompt_id: "p", image_type: "image/jpeg" }),
    );
    const message = readBinaryFrame(frame(4, meta.length, meta, new Uint8Array([9])));
    expect(message).toMatchObject({ type: "preview", node: "20", promptId: "p" });
  });

  it("ignores frames that are cut short or unknown", () => {
    expect(readBinaryFrame(new ArrayBuffer(3))).toBeNull();
    expect(readBinaryFrame(frame(3, 100, utf8("x")))).toBeNull();
    expect(readBinaryFrame(frame(77, 0))).toBeNull();
  });
});

describe("messages", () => {
  it("reads the captured ones", () => {
    expect(
      readMessage('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":2}},"sid":"x"}}'),
    ).toEqual({
      type: "status",
      remaining: 2,
    });
    expect(readMessage('{"type":"executing","data":{"node":null,"prompt_id":"p"}}')).toEqual({
      type: "executing",
      node: null,
      promptId: "p",
    });
    expect(
      readMessage(
        '{"type":"executed","data":{"node":"3","display_node":"3","output":{"images":[{"filename":"a.png","subfolder":"","type":"temp"}]},"prompt_id":"p"}}',
      ),
    ).toEqual({
      type: "executed",
      node: "3",
      promptId: "p",
      images: [{ filename: "a.png", subfolder: "", type: "temp" }],
      compared: null,
      text: [],
      output: { images: [{ filename: "a.png", subfolder: "", type: "temp" }] },
    });
    const file = (filename: string) => ({ filename, subfolder: "", type: "temp" });
    const output = {
      a_images: [file("a.png")],
      b_images: [file("b.png")],
      gifs: [file("c.mp4")],
      audio: [file("d.flac")],
    };
    expect(readMessage(JSON.stringify({ type: "executed", data: { node: "3", output } }))).toMatchObject({
      images: ["a.png", "b.png", "c.mp4", "d.flac"].map(file),
      compared: { a: [file("a.png")], b: [file("b.png")] },
    });
    expect(
      readMessage(
        '{"type":"node_timing","data":{"prompt_id":"p","node":"3","seconds":1.5,"why":"its code changed"}}',
      ),
    ).toEqual({ type: "node_timing", promptId: "p", node: "3", seconds: 1.5, why: "its code changed" });
    expect(readMessage('{"type":"probe.custom","data":{"a":1}}')).toEqual({
      type: "other",
      name: "probe.custom",
      data: { a: 1 },
    });
    expect(readMessage("[1]")).toBeNull();
  });
});

function answer(status: number, body: unknown): void {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status })),
  );
}

describe("requests", () => {
  afterEach(() => vi.unstubAllGlobals());
  const request = {
    prompt: { "1": { class_type: "A", inputs: { seed: 18446744073709551615n } } },
    client_id: "c",
    extra_data: {},
  };

  it("send seeds as exact integers", async () => {
    answer(200, { prompt_id: "p", number: 1, node_errors: {} });
    await new HttpApi().queuePrompt(request);
    const [path, init] = vi.mocked(fetch).mock.calls[0] ?? [];
    expect(path).toBe("api/prompt");
    expect(String(init?.body)).toContain('"seed":18446744073709551615');
  });

  it("explain a refused prompt node by node", async () => {
    const error = {
      type: "required_input_missing",
      message: "Required input is missing",
      details: "model",
      extra_info: { input_name: "model" },
    };
    answer(400, {
      error: {
        type: "prompt_outputs_failed_validation",
        message: "Prompt outputs failed validation",
        details: "",
        extra_info: {},
      },
      node_errors: { "3": { errors: [error], dependent_outputs: ["9"], class_type: "KSampler" } },
    });
    const failure = await new HttpApi().queuePrompt(request).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(PromptRejected);
    expect((failure as PromptRejected).nodeErrors.get("3")).toEqual([
      { message: "Required input is missing", details: "model", input: "model" },
    ]);
  });

  it("put an error that names a node onto that node", async () => {
    answer(400, {
      error: {
        type: "missing_node_type",
        message: "Node 'X' not found",
        details: "",
        extra_info: { node_id: "9" },
      },
      node_errors: {},
    });
    const failure = await new HttpApi().queuePrompt(request).catch((e: unknown) => e);
    expect([...(failure as PromptRejected).nodeErrors.keys()]).toEqual(["9"]);
  });

  it("say what happened when the server is gone or answers nonsense", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("network")));
    await expect(new HttpApi().queue()).rejects.toThrow("cannot be reached");
    answer(500, "500 Internal Server Error");
    await expect(new HttpApi().queue()).rejects.toBeInstanceOf(RequestFailed);
    answer(200, "<html>");
    await expect(new HttpApi().queue()).rejects.toThrow("not JSON");
  });

  it("name pictures safely", () => {
    expect(new HttpApi().viewUrl({ filename: "a&b #1.png", subfolder: "x/y", type: "output" })).toBe(
      "api/view?filename=a%26b+%231.png&subfolder=x%2Fy&type=output",
    );
  });
});

describe("the files of a person", () => {
  it("are asked for with the whole path as one part of the address", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      asked.push(`${init.method ?? "GET"} ${url}`);
      return new Response("{}");
    });
    const api = new HttpApi();
    await api.writeFile("workflows/a b/c.json", "{}", false);
    await api.moveFile("workflows/c.json", "workflows/d.json");
    await api.deleteFile("workflows/ü#?.json");
    expect(asked).toEqual([
      "POST api/userdata/workflows%2Fa%20b%2Fc.json?overwrite=false",
      "POST api/userdata/workflows%2Fc.json/move/workflows%2Fd.json?overwrite=false",
      "DELETE api/userdata/workflows%2F%C3%BC%23%3F.json",
    ]);
  });

  it("of a folder are listed by their paths in it, and unknown where the server fails", async () => {
    answer(200, [
      { path: "workflows", type: "directory" },
      { path: "workflows/sub", type: "directory" },
      { path: "workflows/sub/a.json", type: "file", size: 2, modified: 1.5 },
      { path: "workflows-b/a.json", type: "file", size: 2, modified: 1.5 },
    ]);
    expect(await new HttpApi().listFiles("workflows")).toEqual([
      { path: "sub/a.json", size: 2, modified: 1.5 },
    ]);
    expect(await new HttpApi().listFiles("none")).toEqual([]);
    answer(500, "{}");
    await expect(new HttpApi().listFiles("workflows")).rejects.toBeInstanceOf(RequestFailed);
  });
});

describe("history", () => {
  it("is read newest first, with outcome, time and pictures", () => {
    const entry = (status: object, outputs: object) => ({
      prompt: [0, "id", {}, { extra_pnginfo: { workflow: { nodes: [] } } }, []],
      outputs,
      status,
    });
    const image = { filename: "a.png", subfolder: "", type: "output" };
    const history = readHistory({
      first: entry(
        {
          status_str: "success",
          messages: [
            ["execution_start", { timestamp: 1000 }],
            ["execution_success", { timestamp: 3500 }],
          ],
        },
        { "9": { images: [image] } },
      ),
      second: entry(
        { status_str: "error", messages: [["execution_error", { exception_message: "boom\nmore" }]] },
        {},
      ),
      third: entry({ status_str: "error", messages: [["execution_interrupted", {}]] }, {}),
    } as never);
    expect(history.map(({ promptId, outcome, message }) => [promptId, outcome, message])).toEqual([
      ["third", "interrupted", ""],
      ["second", "error", "boom"],
      ["first", "success", ""],
    ]);
    expect(history[2]).toMatchObject({ seconds: 2.5, images: [image], workflow: { nodes: [] } });
  });
});
