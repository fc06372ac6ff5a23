import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setValue } from "../graph/edit";
import { defaultWorkflow, defs } from "../graph/testing";
import type { Draft, Drafts } from "./drafts";
import { keepDrafts } from "./keepDrafts";
import { Tabs } from "./Tabs";

const written: { at: number; draft: Draft }[] = [];
const drafts = {
  save: async (draft: Draft) => void written.push({ at: performance.now(), draft }),
  arrange: async () => {},
} as unknown as Drafts;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("window", new EventTarget());
  written.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function open() {
  const tabs = new Tabs(defs);
  const tab = tabs.open(defaultWorkflow(), { name: "a" });
  keepDrafts(tabs, drafts);
  return tab;
}

it("writes a draft once the editing pauses", () => {
  const { doc } = open();
  setValue(doc, "3", "steps", 5);
  vi.advanceTimersByTime(399);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(written).toHaveLength(1);
});

it("writes one within a second of whoever never pauses", () => {
  const { doc } = open();
  const start = performance.now();
  for (let i = 0; i < 60; i++) {
    setValue(doc, "3", "steps", 5 + i);
    vi.advanceTimersByTime(50);
  }
  const times = [start, ...written.map(({ at }) => at), performance.now()];
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
  expect(written.length).toBeGreaterThan(2);
  expect(Math.max(...gaps)).toBeLessThan(1000);
});

it("writes at once when the page goes away", () => {
  const { doc } = open();
  setValue(doc, "3", "steps", 5);
  window.dispatchEvent(new Event("pagehide"));
  expect(written).toHaveLength(1);
});
