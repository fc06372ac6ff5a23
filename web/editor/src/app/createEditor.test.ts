import { beforeEach, describe, expect, it, vi } from "vitest";
import { openFrom, remove, rename, saveTo } from "../actions/save";
import { FakeServer } from "../api/fake/FakeServer";
import { objectInfo } from "../api/fake/objectInfo";
import { SettingsStore } from "../features/settings/settings";
import { setValue } from "../graph/edit";
import { defs } from "../graph/testing";
import { toasts } from "../ui/toasts";
import { createEditor } from "./createEditor";

function make() {
  const server = new FakeServer({ objectInfo });
  return { server, editor: createEditor(server, server, defs, null, null, new SettingsStore(server)) };
}

const A = "workflows/a.json";

beforeEach(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  toasts.setState({ list: [] });
});

describe("saving", () => {
  it("tells what is saved from what is not, by every edit and undo, and never by the selection", async () => {
    const { editor } = make();
    expect(editor.dirty).toBe(false);
    editor.selection.set(["3"]);
    expect(editor.dirty).toBe(false);
    setValue(editor.doc, "3", "steps", 5);
    expect(editor.dirty).toBe(true);
    expect(await saveTo(editor, A, false)).toBe("saved");
    expect(editor).toMatchObject({ dirty: false, path: A, name: "a" });
    editor.doc.store.undo();
    expect(editor.dirty).toBe(true);
  });

  it("writes over another file only when that is wanted", async () => {
    const { server, editor } = make();
    server.files.set(A, "{}");
    expect(await saveTo(editor, A, false)).toBe("exists");
    expect([server.files.get(A), editor.path]).toEqual(["{}", null]);
    expect(await saveTo(editor, A, true)).toBe("saved");
    expect(server.files.get(A)).toContain('"KSampler"');
  });

  it("counts what was edited while the server was writing as not saved", async () => {
    const { editor } = make();
    const saving = saveTo(editor, A, false);
    setValue(editor.doc, "3", "steps", 5);
    await saving;
    expect(editor).toMatchObject({ dirty: true, path: A });
  });
});

describe("the library", () => {
  it("opens a workflow, and brings back what was not saved with one click", async () => {
    const { server, editor } = make();
    server.files.set("workflows/b/other.json", '{"nodes":[],"links":[]}');
    setValue(editor.doc, "3", "steps", 5);
    await openFrom(editor, "workflows/b/other.json");
    expect(editor).toMatchObject({ name: "other", path: "workflows/b/other.json", dirty: false });
    toasts.getState().list[0]?.action?.run();
    expect(editor).toMatchObject({ name: "Text to image", path: null, dirty: true });
    expect(editor.doc.node("3")?.values.steps).toBe(5);
  });

  it("follows a file that is renamed, and keeps what is open when its file is deleted", async () => {
    const { server, editor } = make();
    await saveTo(editor, A, false);
    await rename(editor, A, "workflows/c.json");
    expect(editor).toMatchObject({ path: "workflows/c.json", name: "c", dirty: false });
    server.files.set(A, "{}");
    await rename(editor, "workflows/c.json", A);
    expect(toasts.getState().list.at(-1)?.title).toBe("c could not be renamed");
    await remove(editor, "workflows/c.json");
    expect(editor).toMatchObject({ path: null, dirty: true });
    expect(editor.doc.node("3")).toBeDefined();
  });

  it("says what is wrong with a file that cannot be opened", async () => {
    const { server, editor } = make();
    server.files.set(A, '{"no":"nodes"}');
    await openFrom(editor, A);
    expect(toasts.getState().list[0]).toMatchObject({ title: "a cannot be opened", kind: "error" });
    expect(editor.doc.node("3")).toBeDefined();
  });
});
