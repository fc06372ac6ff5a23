import { beforeEach, describe, expect, it, vi } from "vitest";
import { actionForKey, actionOf, actions, addAction, keysOf, keyTakenBy, registry } from "../../actions";
import { FakeServer } from "../../api/fake/FakeServer";
import { bindKey, holderOf, loadKeys, resetKeys, unbind } from "./keymap";
import { reportTakenKeys } from "./taken";

const server = () => new FakeServer({ objectInfo: {} });
const mute = () => actionOf("mute");
const bypass = () => actionOf("bypass");

beforeEach(() => registry.setState({ added: [], keys: {} }));

describe("keys", () => {
  it("belong to one action each, as they are built in", () => {
    const keys = actions.flatMap((action) => action.keys ?? []);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it("go from one action to another, are kept on the server, and come back from there", async () => {
    const api = server();
    expect(holderOf("Ctrl+B", mute())).toBe(bypass());
    await bindKey(api, mute(), "Ctrl+B");
    expect(actionForKey("Ctrl+B")?.id).toBe("mute");
    expect([keysOf(mute()), keysOf(bypass())]).toEqual([["Ctrl+B"], []]);
    expect(actionForKey("Ctrl+M")).toBeUndefined();

    registry.setState({ keys: {} });
    await loadKeys(api);
    expect(actionForKey("Ctrl+B")?.id).toBe("mute");
    await resetKeys(api, mute());
    expect(keysOf(mute())).toEqual(["Ctrl+M"]);
    await resetKeys(api);
    expect(actionForKey("Ctrl+B")?.id).toBe("bypass");
    expect(api.kept["Easel.Keys"]).toEqual({});
  });

  it("can be taken off, and are never taken by a pack", async () => {
    const api = server();
    addAction({ id: "pack.mute", label: () => "Mute more", keys: ["Ctrl+M"], run: () => {} });
    expect(actionForKey("Ctrl+M")?.id).toBe("mute");
    await unbind(api, mute());
    expect(actionForKey("Ctrl+M")?.id).toBe("pack.mute");
  });

  it("that a pack asks for in vain are said once each, with who has them", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const off = reportTakenKeys();
    const pack = {
      id: "pack.mute",
      label: () => "Mute more",
      pack: "Dials",
      keys: ["Ctrl+M", "Alt+M"],
      run: () => {},
    };
    addAction(pack);
    addAction({ id: "pack.free", label: () => "Free", pack: "Dials", keys: ["Alt+Q"], run: () => {} });
    await bindKey(server(), bypass(), "Alt+Q");
    expect(warn.mock.calls.map(([line]) => String(line).split(". ")[0])).toEqual([
      "Dials: Ctrl+M does not start “Mute more”, it is “Mute”",
      "Dials: Alt+M does not start “Mute more”, it is “Minimap”",
    ]);
    expect(keyTakenBy(pack, "Ctrl+M")).toBe(mute());
    await bindKey(server(), pack, "Ctrl+M");
    expect(keyTakenBy(pack, "Ctrl+M")).toBeUndefined();
    off();
    warn.mockRestore();
  });

  it("survive a setting that is none", async () => {
    const api = server();
    api.kept = { "Easel.Keys": { mute: [1, "Alt+Q"], bypass: "Alt+W" } };
    await loadKeys(api);
    expect([keysOf(mute()), keysOf(bypass())]).toEqual([["Alt+Q"], ["Ctrl+B"]]);
  });
});
