import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../../api/fake/FakeServer";
import { objectInfo } from "../../api/fake/objectInfo";
import type { ServerMessage } from "../../api/messages";
import { defaultWorkflow, defs } from "../../graph/testing";
import type { Tab } from "../../tabs/Tab";
import { Tabs } from "../../tabs/Tabs";
import { toasts } from "../../ui/toasts";
import { RunController } from "./RunController";
import { createRunStore, percentOf } from "./runStore";

/** Two workflows: runs "a" and "b" are of the first one, "c" is of the second. */
function make() {
  const tabs = new Tabs(defs);
  const first = tabs.open(defaultWorkflow(), { name: "first" });
  const second = tabs.open(defaultWorkflow(), { name: "second" });
  const server = new FakeServer({ objectInfo });
  const store = createRunStore();
  const runner = new RunController(tabs, server, server, store, () => {});
  server.start();
  const begin = (promptId: string, tab: Tab) => {
    tabs.show(tab);
    server.send({ type: "execution_start", promptId });
  };
  const at = (promptId: string, node: string) => server.send({ type: "executing", promptId, node });
  const step = (promptId: string, node: string, value: number) =>
    server.send({ type: "progress", promptId, node, value, max: 4 });
  const end = (promptId: string) => {
    server.send({ type: "execution_success", promptId });
    server.send({ type: "executing", promptId, node: null });
  };
  const running = () => store.getState().runs.map((run) => [run.promptId, run.title, percentOf(run)]);
  return { tabs, first, second, server, store, runner, begin, at, step, end, running };
}

function failure(promptId: string, node: string): ServerMessage {
  const said = { message: "Out of paint", exception: "ValueError", traceback: "" };
  return { type: "execution_error", promptId, node, nodeType: "KSampler", ...said };
}

beforeEach(() => toasts.setState({ list: [] }));

describe("several runs at the same time", () => {
  it("are each shown on the tab that asked for it, whatever happens in the other", () => {
    const { first, second, begin, at, step, end, running } = make();
    begin("a", first);
    begin("c", second);
    at("a", "3");
    at("c", "8");
    step("a", "3", 1);
    expect(running()).toEqual([
      ["a", "KSampler", 25],
      ["c", "VAEDecode", null],
    ]);
    step("c", "8", 2);
    step("a", "3", 3);
    expect([first.status.get("3").progress, first.status.get("8").state]).toEqual([0.75, "idle"]);
    expect([second.status.get("8").progress, second.status.get("3").state]).toEqual([0.5, "idle"]);
    end("a");
    expect(running()).toEqual([["c", "VAEDecode", 50]]);
    expect(first.status.get("3").state).toBe("done");
    expect(second.status.get("8").state).toBe("running");
  });

  it("of one workflow show all nodes at work", () => {
    const { first, begin, at, end } = make();
    begin("a", first);
    at("a", "3");
    begin("b", first);
    at("b", "8");
    expect(["3", "8"].map((id) => first.status.get(id).state)).toEqual(["running", "running"]);
    at("b", "9");
    expect(["3", "8", "9"].map((id) => first.status.get(id).state)).toEqual(["running", "done", "running"]);
    end("a");
    expect(["3", "9"].map((id) => first.status.get(id).state)).toEqual(["done", "running"]);
  });

  it("at the same node keep it at work until the last has left, and the oldest shows how far it is", () => {
    const { first, server, begin, at, step, end } = make();
    for (const id of ["a", "b"]) {
      begin(id, first);
      at(id, "3");
    }
    step("a", "3", 3);
    step("b", "3", 1);
    server.send({ type: "execution_cached", promptId: "b", nodes: ["3"] });
    server.send({ type: "node_timing", promptId: "b", node: "3", seconds: 1, why: "" });
    expect(first.status.get("3")).toMatchObject({ state: "running", progress: 0.75 });
    at("b", "3");
    at("a", "8");
    expect(first.status.get("3").state).toBe("running");
    step("b", "3", 2);
    expect(first.status.get("3").progress).toBe(0.5);
    server.send({ type: "execution_interrupted", promptId: "b", node: "3" });
    expect(first.status.get("3").state).toBe("idle");
    end("a");
    expect(first.status.get("8").state).toBe("done");
  });

  it("begin with nothing of the one before, but for the node where that is at work", () => {
    const { first, server, begin, at, step } = make();
    begin("a", first);
    at("a", "4");
    at("a", "3");
    step("a", "3", 2);
    server.send({ type: "text", node: "3", text: "half way" });
    begin("b", first);
    expect(first.status.get("4").state).toBe("idle");
    expect(first.status.get("3")).toMatchObject({ state: "running", progress: 0.5, log: ["half way"] });
  });

  it("add up the times inside a subgraph each for itself", () => {
    const { first, server, begin, at } = make();
    const timing = (promptId: string, node: string, seconds: number) =>
      server.send({ type: "node_timing", promptId, node, seconds, why: promptId });
    for (const id of ["a", "b"]) {
      begin(id, first);
      at(id, "8");
      timing(id, "8:1", 1);
    }
    timing("a", "8:2", 0.5);
    expect(first.status.get("8")).toMatchObject({ seconds: 1.5, why: "a" });
    timing("b", "8:2", 2);
    expect(first.status.get("8")).toMatchObject({ seconds: 3, why: "b" });
  });

  it("fail and are interrupted one by one", () => {
    const { first, second, server, store, begin, at, running } = make();
    begin("a", first);
    begin("c", second);
    at("a", "3");
    at("c", "3");
    server.send(failure("a", "3"));
    expect(first.status.get("3").state).toBe("error");
    expect(second.status.get("3")).toMatchObject({ state: "running", problems: [] });
    expect(store.getState().last?.outcome).toBe("error");
    expect(running()).toEqual([["c", "KSampler", null]]);
    server.send({ type: "execution_interrupted", promptId: "c", node: "3" });
    expect(second.status.get("3").state).toBe("idle");
    expect(first.status.get("3").state).toBe("error");
    expect(running()).toEqual([]);
  });

  it("show their previews and what their nodes say where they belong", () => {
    const { first, second, server, begin, at } = make();
    begin("a", first);
    begin("c", second);
    begin("b", first);
    at("a", "3");
    at("c", "8");
    at("b", "3");
    const preview = (promptId: string, node: string) => {
      const url = vi.spyOn(URL, "createObjectURL").mockReturnValue(`blob:${promptId}`);
      server.send({ type: "preview", promptId, node, image: new Blob() });
      url.mockRestore();
    };
    for (const [id, node] of [
      ["c", "8"],
      ["a", "3"],
      ["b", "3"],
    ] as const)
      preview(id, node);
    expect([first.status.get("3").preview, first.status.get("8").preview]).toEqual(["blob:a", null]);
    expect([second.status.get("8").preview, second.status.get("3").preview]).toEqual(["blob:c", null]);
    server.send({ type: "text", node: "8", text: "hello" });
    expect([first, second].map(({ status }) => status.get("8").log)).toEqual([[], ["hello"]]);
  });

  it("are all stopped by an interrupt, by name; where there is none of this page, what runs elsewhere", async () => {
    const { first, second, server, runner, begin, end } = make();
    const interrupt = vi.spyOn(server, "interrupt");
    begin("a", first);
    begin("c", second);
    await runner.interrupt();
    expect(interrupt.mock.calls).toEqual([["a"], ["c"]]);
    for (const id of ["a", "c"]) end(id);
    await runner.interrupt();
    expect(interrupt.mock.lastCall).toEqual([]);
  });

  it("go on after the line broke, but for those of which the server knows nothing any more", async () => {
    const { first, second, server, begin, at, running } = make();
    begin("a", first);
    begin("c", second);
    at("a", "3");
    at("c", "3");
    vi.spyOn(server, "queue").mockResolvedValue({ running: [{ promptId: "c", number: 1 }], pending: [] });
    server.close();
    server.connect("open");
    await vi.waitFor(() => expect(running()).toEqual([["c", "KSampler", null]]));
    expect(first.status.get("3").state).toBe("idle");
    expect(second.status.get("3").state).toBe("running");
  });
});
