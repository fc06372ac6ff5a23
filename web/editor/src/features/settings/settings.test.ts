import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "../../api/fake/FakeServer";
import type { Json, JsonObject } from "../../lib/json";
import { SettingsStore } from "./settings";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

const server = () => new FakeServer({ objectInfo: {} });

describe("settings", () => {
  it("are kept on the server and come back from there", async () => {
    const api = server();
    await new SettingsStore(api).set("theme", "light");
    expect(api.kept).toEqual({ "Easel.Theme": "light" });
    localStorage.removeItem("easel.settings");
    const later = new SettingsStore(api);
    expect(later.get().theme).toBe("system");
    await later.load();
    expect(later.get()).toMatchObject({ theme: "light", linkStyle: "curved" });
  });

  it("hold before the server answers, and those it did not take win over what it has", async () => {
    const api = server();
    const failing = {
      settings: () => api.settings(),
      changeSettings: () => Promise.reject(new Error("gone")),
    };
    await expect(new SettingsStore(failing).set("snap", "on")).rejects.toThrow("gone");
    const later = new SettingsStore(api);
    expect(later.get().snap).toBe("on");
    api.kept = { "Easel.Snap": "off", "Comfy.Other": 1 };
    await later.load();
    expect(later.get().snap).toBe("on");
    expect(api.kept).toEqual({ "Easel.Snap": "on", "Comfy.Other": 1 });
  });

  it("fall back where the value is none of the choices", async () => {
    const api = server();
    api.kept = { "Easel.Theme": "mauve", "Easel.TextSize": 100 };
    const settings = new SettingsStore(api);
    await settings.load();
    expect(settings.get()).toMatchObject({ theme: "system", textSize: "100" });
  });

  it("arrive in the order in which they were set, however slow the server is", async () => {
    const told: unknown[] = [];
    const answers: (() => void)[] = [];
    const slow = {
      settings: async () => ({}),
      changeSettings: (changes: object) => {
        told.push(changes);
        return new Promise<void>((answer) => answers.push(answer));
      },
    };
    const settings = new SettingsStore(slow);
    const both = [settings.set("snap", "on"), settings.set("snap", "off")];
    await vi.waitFor(() => expect(told).toEqual([{ "Easel.Snap": "on" }]));
    answers[0]?.();
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ "Easel.Snap": "off" }));
    answers[1]?.();
    await Promise.all(both);
    expect(localStorage.getItem("easel.settings.unsent")).toBeNull();
  });

  it("are not taken back by an answer that is older than they are", async () => {
    const api = server();
    let asked = 0;
    let answer = (_: Record<string, Json>) => {};
    const slow = {
      settings: () =>
        new Promise<Record<string, Json>>((done) => {
          asked += 1;
          answer = done;
        }),
      changeSettings: (changes: JsonObject) => api.changeSettings(changes),
    };
    const settings = new SettingsStore(slow);
    const loading = settings.load();
    await vi.waitFor(() => expect(asked).toBe(1));
    await settings.set("snap", "on");
    answer({ "Easel.Snap": "off" });
    await loading;
    expect(settings.get().snap).toBe("on");
  });
});
