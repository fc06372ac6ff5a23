import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { moveBy, setValue } from "../../graph/edit";
import { defaultWorkflow, defs } from "../../graph/testing";
import { Tabs } from "../../tabs/Tabs";
import { AutoRun } from "./AutoRun";
import { createRunStore } from "./runStore";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function make() {
  const tabs = new Tabs(defs);
  const { doc } = tabs.open(defaultWorkflow(), { name: "a" });
  const store = createRunStore();
  store.setState({ connection: "open" });
  const queue = vi.fn(async () => {
    store.setState({ remaining: 1 });
    return true;
  });
  const auto = new AutoRun(tabs, store, { queue });
  const calm = () => vi.advanceTimersByTimeAsync(400);
  const finish = async (outcome: "success" | "error" = "success") => {
    store.setState({ last: { outcome, seconds: 1 } });
    store.setState({ remaining: 0 });
    await calm();
  };
  return { doc, store, queue, auto, calm, finish };
}

describe("running without being asked", () => {
  it("again and again queues the next when the last is done, and one at a time", async () => {
    const { queue, auto, calm, finish } = make();
    auto.set("instant");
    await calm();
    await calm();
    expect(queue).toHaveBeenCalledTimes(1);
    await finish();
    expect(queue).toHaveBeenCalledTimes(2);
    auto.set("off");
    await finish();
    expect(queue).toHaveBeenCalledTimes(2);
  });

  it("after each change runs for what changes the result, and not for what only moves", async () => {
    const { doc, queue, auto, calm, finish } = make();
    auto.set("change");
    await calm();
    await finish();
    expect(queue).toHaveBeenCalledTimes(1);
    moveBy(doc, ["3"], { x: 50, y: 0 });
    await calm();
    expect(queue).toHaveBeenCalledTimes(1);
    setValue(doc, "3", "steps", 5);
    setValue(doc, "3", "steps", 6);
    await calm();
    expect(queue).toHaveBeenCalledTimes(2);
  });

  it("takes up what was changed during a run when that run is done", async () => {
    const { doc, queue, auto, calm, finish } = make();
    auto.set("change");
    await calm();
    setValue(doc, "3", "steps", 5);
    await calm();
    expect(queue).toHaveBeenCalledTimes(1);
    await finish();
    expect(queue).toHaveBeenCalledTimes(2);
  });

  it("stops at a failure", async () => {
    const { store, queue, auto, calm, finish } = make();
    auto.set("instant");
    await calm();
    await finish("error");
    expect(store.getState().auto).toBe("off");
    expect(queue).toHaveBeenCalledTimes(1);
  });
});
