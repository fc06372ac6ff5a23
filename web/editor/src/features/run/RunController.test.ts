import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../../api/fake/FakeServer";
import { objectInfo } from "../../api/fake/objectInfo";
import { PromptRejected } from "../../api/http";
import type { NodeErrors } from "../../api/types";
import { addNode, removeNodes, setControl, setValue } from "../../graph/edit";
import { defaultWorkflow, defs } from "../../graph/testing";
import { Tabs } from "../../tabs/Tabs";
import { toasts } from "../../ui/toasts";
import { RunController } from "./RunController";
import { createRunStore } from "./runStore";

function make(failing: Record<string, string> = {}, changesFirst = false) {
  const tabs = new Tabs(defs);
  const tab = tabs.open(defaultWorkflow(), { name: "first" });
  const server = new FakeServer({ objectInfo, failing });
  const store = createRunStore();
  const revealed: string[] = [];
  const reveal = (id: string) => revealed.push(id);
  const runner = new RunController(tabs, server, server, store, reveal, () => changesFirst);
  server.start();
  return { tabs, tab, doc: tab.doc, server, status: tab.status, store, runner, revealed };
}

function refuse(server: FakeServer, errors: NodeErrors): void {
  vi.spyOn(server, "queuePrompt").mockRejectedValue(new PromptRejected("It cannot run", "", errors));
}

beforeEach(() => toasts.setState({ list: [] }));

describe("running", () => {
  it("sends the prompt with the workflow, and shows the result on the node", async () => {
    const { server, status, store, runner } = make();
    await runner.queue();
    expect(server.requests[0]?.extra_data).toHaveProperty("extra_pnginfo.workflow.version", 0.4);
    expect(store.getState()).toMatchObject({ connection: "open", remaining: 1 });
    server.runNext();
    const filename = `${server.requests[0]?.prompt_id}_00001_.png`;
    expect(status.get("9").images).toEqual([{ filename, subfolder: "", type: "output" }]);
    expect(status.get("3").state).toBe("done");
    expect(store.getState()).toMatchObject({ remaining: 0, runs: [], last: { outcome: "success" } });
  });

  it("draws a new seed after each of several runs, and remembers the last one queued", async () => {
    const { doc, server, status, runner } = make();
    setControl(doc, "3", "seed", "increment");
    await runner.queue({ count: 3 });
    const seeds = server.requests.map(
      (request) => (request.prompt["3"] as { inputs: { seed: number } }).inputs.seed,
    );
    expect(seeds).toEqual([1, 2, 3]);
    expect(doc.node("3")?.values.seed).toBe(4);
    expect(status.lastQueued("3", "seed")).toBe(3);
  });

  it("draws it before each of them where that is set, so that the seed on the node is the one of the picture", async () => {
    const { doc, server, runner } = make({}, true);
    setControl(doc, "3", "seed", "increment");
    await runner.queue({ count: 2 });
    expect(server.requests.at(-1)?.prompt["3"]).toMatchObject({ inputs: { seed: 3 } });
    expect(doc.node("3")?.values.seed).toBe(3);
  });

  it("marks the node that is refused and names it in words", async () => {
    const { doc, status, runner, revealed } = make();
    const id = addNode(doc, "Unknown", { x: 0, y: 0 });
    await runner.queue();
    expect(status.get(id).problems[0]?.message).toBe("Node 'Unknown' not found");
    const [toast] = toasts.getState().list;
    toast?.items?.[0]?.show?.();
    expect(revealed).toEqual([id]);
  });

  it("says no longer what is mended, and nothing once all of it is", async () => {
    const { doc, server, runner } = make();
    const problem = { message: "Required input is missing", details: "", input: "" };
    refuse(server, new Map([...["3", "9"].map((id) => [id, [problem]] as const)]));
    await runner.queue();
    const said = () => toasts.getState().list.map(({ items }) => items?.map(({ title }) => title));
    expect(said()).toEqual([["KSampler", "Save Image"]]);
    setValue(doc, "3", "steps", 5);
    expect(said()).toEqual([["Save Image"]]);
    removeNodes(doc, ["9"]);
    expect(said()).toEqual([]);
  });

  it("says that there is nothing to run only until something is there", async () => {
    const { doc, server, runner } = make();
    refuse(server, new Map());
    await runner.queue();
    expect(toasts.getState().list).toHaveLength(1);
    addNode(doc, "SaveImage", { x: 0, y: 0 });
    expect(toasts.getState().list).toEqual([]);
  });

  it("takes the mark off a subgraph with the last node inside that is mended", () => {
    const { status } = make();
    const problems = [{ message: "Required input is missing", details: "images", input: "images" }];
    for (const id of ["5", "5:1", "5:2"]) status.update(id, { state: "error", problems });
    status.clearProblems(["5:1"]);
    expect(status.get("5").problems).toEqual(problems);
    status.clearProblems(["5:2"]);
    expect(status.get("5")).toMatchObject({ state: "idle", problems: [] });
  });

  it("keeps what was refused marked while the rest runs, and forgets it with the next run", async () => {
    const { server, status, runner } = make();
    const problem = { message: "Required input is missing", details: "images", input: "images" };
    const queue = server.queuePrompt.bind(server);
    server.queuePrompt = async (request) => ({
      ...(await queue(request)),
      nodeErrors: new Map([["9", [problem]]]),
    });
    await runner.queue();
    server.runNext();
    expect(status.get("9").problems).toEqual([problem]);
    server.queuePrompt = queue;
    await runner.queue();
    expect(status.get("9").problems).toEqual([]);
  });

  it("forgets what was wrong with a node as soon as it is changed", async () => {
    const { doc, server, status, runner } = make({ "3": "Out of paint" });
    await runner.queue();
    server.runNext();
    expect(status.get("3").problems[0]?.message).toBe("Out of paint");
    expect(toasts.getState().list[0]?.title).toBe("KSampler failed");
    setValue(doc, "3", "steps", 5);
    expect(status.get("3").problems).toEqual([]);
  });

  it("shows what comes of a run on the tab that asked for it, whichever is in view", async () => {
    const { tabs, tab, server, store, runner } = make();
    await runner.queue();
    const other = tabs.open(defaultWorkflow(), { name: "second" });
    server.runNext();
    expect(tab.status.get("9").images).toHaveLength(1);
    expect(other.status.get("9").images).toEqual([]);
    expect(other.status.get("3").state).toBe("idle");
    await runner.queue();
    tabs.close(other);
    server.runNext();
    expect(tab.status.get("9").images).toHaveLength(1);
    expect(store.getState()).toMatchObject({ runs: [], last: { outcome: "success" } });
  });

  it("knows its run also when the server is done before it has answered", async () => {
    const { tabs, tab, server, runner } = make();
    const answered = vi.spyOn(server, "queuePrompt");
    const queuePrompt = FakeServer.prototype.queuePrompt.bind(server);
    answered.mockImplementation(async (request) => {
      const answer = await queuePrompt(request);
      tabs.openEmpty();
      server.runNext();
      return answer;
    });
    await runner.queue();
    expect(tab.status.get("9").images).toHaveLength(1);
  });

  it("brings a person to the failed node of a tab that is not in view", async () => {
    const { tabs, tab, server, runner } = make({ "3": "Out of paint" });
    await runner.queue();
    tabs.openEmpty();
    server.runNext();
    expect(toasts.getState().list[0]?.title).toBe("KSampler failed");
    expect(tab.status.get("3").state).toBe("error");
  });

  it("shows what happens inside a subgraph on its host", async () => {
    const { server, status } = make();
    server.send({ type: "execution_start", promptId: "p" });
    server.send({ type: "progress", promptId: "p", node: "3:17:4", value: 1, max: 4 });
    expect(status.get("3").progress).toBe(0.25);
  });

  it("keeps what a node says until the next run begins", () => {
    const { server, status } = make();
    server.send({ type: "execution_start", promptId: "p" });
    for (const text of ["Half way ", "Half way", "Memory is short"])
      server.send({ type: "text", node: "3", text });
    expect(status.get("3").log).toEqual(["Half way", "Memory is short"]);
    server.send({ type: "execution_start", promptId: "q" });
    expect(status.get("3").log).toEqual([]);
  });

  it("shows the server's time of a node and why it ran, and adds up what is inside a subgraph", () => {
    const { server, status } = make();
    const timing = (node: string, seconds: number, why = "") =>
      server.send({ type: "node_timing", promptId: "p", node, seconds, why });
    server.send({ type: "execution_start", promptId: "p" });
    server.send({ type: "executing", promptId: "p", node: "3" });
    timing("3", 2, "its input steps changed");
    server.send({ type: "executing", promptId: "p", node: "8" });
    timing("8:1", 1);
    timing("8:2", 0.5, "it has not run before");
    expect(status.get("3")).toMatchObject({ state: "done", seconds: 2, why: "its input steps changed" });
    expect(status.get("8")).toMatchObject({ seconds: 1.5, why: "it has not run before" });
  });

  it("goes on with a run after the line broke, unless the server knows nothing of it any more", async () => {
    const { server, status, store } = make();
    server.send({ type: "execution_start", promptId: "p" });
    server.send({ type: "executing", promptId: "p", node: "3" });
    const queue = vi.spyOn(server, "queue");
    queue.mockResolvedValue({ running: [{ promptId: "p", number: 0 }], pending: [] });
    server.close();
    server.connect("open");
    await Promise.resolve();
    expect(status.get("3").state).toBe("running");
    queue.mockResolvedValue({ running: [], pending: [] });
    server.close();
    expect(store.getState().connection).toBe("lost");
    server.connect("open");
    await vi.waitFor(() => expect(status.get("3").state).toBe("idle"));
    expect(store.getState()).toMatchObject({ connection: "open", runs: [] });
  });
});
