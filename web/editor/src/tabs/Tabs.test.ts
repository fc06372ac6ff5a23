import { describe, expect, it } from "vitest";
import { setValue } from "../graph/edit";
import { defaultWorkflow, defs } from "../graph/testing";
import { Tabs } from "./Tabs";

function make(...names: string[]) {
  const tabs = new Tabs(defs);
  for (const name of names) tabs.open(defaultWorkflow(), { name });
  return { tabs, names: () => tabs.list.map((tab) => tab.name) };
}

describe("tabs", () => {
  it("open beside the one in view, and show what was opened", () => {
    const { tabs, names } = make("a", "b");
    const [a] = tabs.list;
    if (a) tabs.show(a);
    tabs.open(defaultWorkflow(), { name: "c" });
    expect(names()).toEqual(["a", "c", "b"]);
    expect(tabs.current.name).toBe("c");
  });

  it("have a document and a history each", () => {
    const { tabs } = make("a", "b");
    const [a, b] = tabs.list;
    if (!a || !b) throw new Error("two tabs were opened");
    setValue(a.doc, "3", "steps", 5);
    expect([a.dirty, b.dirty]).toEqual([true, false]);
    tabs.show(b);
    expect(b.doc.store.undo()).toBe(false);
    tabs.show(a);
    expect(a.doc.node("3")?.values.steps).toBe(5);
    expect(a.doc.store.undo()).toBe(true);
  });

  it("never share a name unless it is that of their files", () => {
    const { tabs, names } = make("made", "made", "made");
    tabs.open(defaultWorkflow(), { name: "made", path: "workflows/made.json" });
    expect(names()).toEqual(["made", "made (2)", "made (3)", "made"]);
    expect(tabs.open(defaultWorkflow(), { name: "made (2)" }).name).toBe("made (4)");
  });

  it("are never none: the last one to go leaves an empty one behind", () => {
    const { tabs, names } = make("a");
    tabs.close(tabs.current);
    expect(names()).toEqual(["Untitled"]);
    expect(tabs.current.doc.nodes().next().done).toBe(true);
  });

  it("show a neighbour of the one that was closed, and stay where they are when another one is", () => {
    const { tabs } = make("a", "b", "c");
    const [a, b, c] = tabs.list;
    if (!a || !b || !c) throw new Error("three tabs were opened");
    tabs.close(c);
    expect(tabs.current).toBe(b);
    tabs.close(a);
    expect(tabs.current).toBe(b);
  });

  it("are walked in a circle and put in order", () => {
    const { tabs, names } = make("a", "b", "c");
    tabs.step(1);
    expect(tabs.current.name).toBe("a");
    tabs.step(-1);
    expect(tabs.current.name).toBe("c");
    tabs.move(tabs.current, 0);
    expect(names()).toEqual(["c", "a", "b"]);
  });

  it("stay as they are when a file is no workflow", () => {
    const { tabs, names } = make("a");
    expect(() => tabs.open({ no: "nodes" }, { name: "b" })).toThrow("no list of nodes");
    expect(names()).toEqual(["a"]);
    expect(tabs.current.name).toBe("a");
  });
});
