import { beforeEach, describe, expect, it, vi } from "vitest";
import { openFrom, pathOf, remove, rename, renameTab, saveAgain, saveTo } from "../actions/save";
import { FakeServer } from "../api/fake/FakeServer";
import { objectInfo } from "../api/fake/objectInfo";
import { SettingsStore } from "../features/settings/settings";
import { setValue } from "../graph/edit";
import { defs } from "../graph/testing";
import { toasts } from "../ui/toasts";
import { createEditor } from "./createEditor";

function make() {
  const server = new FakeServer({ objectInfo });
  const editor = createEditor(server, server, defs, null, new SettingsStore(server));
  return { server, editor, tab: editor.tabs.current };
}

const A = "workflows/a.json";

beforeEach(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  toasts.setState({ list: [] });
});

describe("saving", () => {
  it("tells what is saved from what is not, by every edit and undo, and never by the selection", async () => {
    const { editor, tab } = make();
    expect(tab.dirty).toBe(false);
    tab.selection.set(["3"]);
    expect(tab.dirty).toBe(false);
    setValue(tab.doc, "3", "steps", 5);
    expect(tab.dirty).toBe(true);
    expect(await saveTo(editor, tab, A, false)).toBe("saved");
    expect(tab).toMatchObject({ dirty: false, path: A, name: "a" });
    tab.doc.store.undo();
    expect(tab.dirty).toBe(true);
  });

  it("writes over another file only when that is wanted", async () => {
    const { server, editor, tab } = make();
    server.files.set(A, "{}");
    expect(await saveTo(editor, tab, A, false)).toBe("exists");
    expect([server.files.get(A), tab.path]).toEqual(["{}", null]);
    expect(await saveTo(editor, tab, A, true)).toBe("saved");
    expect(server.files.get(A)).toContain('"KSampler"');
  });

  it("asks before it writes over what somebody else has saved, and knows its own saves", async () => {
    const { server, editor, tab } = make();
    const asked = vi.fn();
    editor.changeAsked.on(asked);
    await saveTo(editor, tab, A, false);
    setValue(tab.doc, "3", "steps", 5);
    expect(await saveAgain(editor, tab, A)).toBe("saved");
    server.files.set(A, "theirs");
    expect(await saveAgain(editor, tab, A)).toBe("changed");
    expect(asked).toHaveBeenCalledWith({ tab, path: A });
    expect(server.files.get(A)).toBe("theirs");
    expect(await saveTo(editor, tab, A, true)).toBe("saved");
    expect(await saveAgain(editor, tab, A)).toBe("saved");
  });

  it("takes names with their ending, and none that would be hidden", () => {
    expect(["a/b", "a.json", " a /b.JSON "].map(pathOf)).toEqual([
      "workflows/a/b.json",
      A,
      "workflows/a/b.json",
    ]);
    expect(["", "a/", "..", ".a", "a/.b", "a:b", "a\\b", ".json"].map(pathOf)).toEqual(Array(8).fill(null));
  });

  it("counts what was edited while the server was writing as not saved", async () => {
    const { editor, tab } = make();
    const saving = saveTo(editor, tab, A, false);
    setValue(tab.doc, "3", "steps", 5);
    await saving;
    expect(tab).toMatchObject({ dirty: true, path: A });
  });

  it("saves the tab that was asked for, also when another is shown meanwhile", async () => {
    const { server, editor, tab } = make();
    const saving = saveTo(editor, tab, A, false);
    const other = editor.tabs.openEmpty();
    await saving;
    expect([tab.path, other.path]).toEqual([A, null]);
    expect(server.files.get(A)).toContain('"KSampler"');
  });
});

describe("the library", () => {
  it("opens a workflow in a tab of its own, and shows that tab when it is asked for again", async () => {
    const { server, editor, tab } = make();
    server.files.set("workflows/b/other.json", '{"nodes":[],"links":[]}');
    setValue(tab.doc, "3", "steps", 5);
    await openFrom(editor, "workflows/b/other.json");
    const opened = editor.tabs.current;
    expect(opened).toMatchObject({ name: "other", path: "workflows/b/other.json", dirty: false });
    editor.tabs.show(tab);
    expect(editor.doc.node("3")?.values.steps).toBe(5);
    await openFrom(editor, "workflows/b/other.json");
    expect(editor.tabs.current).toBe(opened);
    expect(editor.tabs.list).toHaveLength(2);
  });

  it("follows a file that is renamed, and keeps what is open when its file is deleted", async () => {
    const { server, editor, tab } = make();
    await saveTo(editor, tab, A, false);
    await rename(editor, A, "workflows/c.json");
    expect(tab).toMatchObject({ path: "workflows/c.json", name: "c", dirty: false });
    server.files.set(A, "{}");
    await rename(editor, "workflows/c.json", A);
    expect(toasts.getState().list.at(-1)?.title).toBe("c could not be renamed");
    await remove(editor, "workflows/c.json");
    expect(tab).toMatchObject({ path: null, dirty: true });
    expect(tab.doc.node("3")).toBeDefined();
  });

  it("puts a deleted file back with one click", async () => {
    const { server, editor, tab } = make();
    await saveTo(editor, tab, A, false);
    const before = server.files.get(A);
    await remove(editor, A);
    expect(server.files.has(A)).toBe(false);
    toasts.getState().list.at(-1)?.action?.run();
    await Promise.resolve();
    expect(server.files.get(A)).toBe(before);
  });

  it("renames the file of a tab in its folder, and a tab without a file only itself", async () => {
    const { server, editor, tab } = make();
    await renameTab(editor, tab, "  a / b ");
    expect(tab).toMatchObject({ name: "a   b", path: null });
    await saveTo(editor, tab, "workflows/deep/x.json", false);
    await renameTab(editor, tab, "y");
    expect(tab).toMatchObject({ name: "y", path: "workflows/deep/y.json" });
    expect([...server.files.keys()]).toEqual(["workflows/deep/y.json"]);
    await renameTab(editor, tab, "no:way");
    expect(tab.name).toBe("y");
  });

  it("says what is wrong with a file that cannot be opened, and opens nothing", async () => {
    const { server, editor, tab } = make();
    server.files.set(A, '{"no":"nodes"}');
    await openFrom(editor, A);
    expect(toasts.getState().list[0]).toMatchObject({ title: "a cannot be opened", kind: "error" });
    expect(editor.tabs.list).toEqual([tab]);
  });
});
