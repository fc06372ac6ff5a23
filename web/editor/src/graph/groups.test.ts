import { describe, expect, it } from "vitest";
import type { JsonObject } from "../lib/json";
import { setColor, togglePinned } from "./edit";
import { readWorkflow } from "./formats/readWorkflow";
import { writeWorkflow } from "./formats/writeWorkflow";
import { addGroup, removeGroups, removeGroupWith, setGroupColor, setGroupTitle } from "./groups";
import { PALETTE } from "./palette";
import { insertInLink } from "./splice";
import { defaultDocument, defs, openDocument } from "./testing";

const RECT = { x: 400, y: 200, w: 380, h: 400 };
const groupsOf = (file: JsonObject) => file.groups as readonly JsonObject[];

describe("groups", () => {
  it("are written as files have them, and read back the same", () => {
    const doc = defaultDocument();
    const id = addGroup(doc, "Prompts", RECT);
    setGroupColor(doc, id, "#3f789e");
    const file = writeWorkflow(doc);
    expect(groupsOf(file)).toEqual([
      { id: 1, title: "Prompts", bounding: [400, 200, 380, 400], color: "#3f789e", font_size: 24, flags: {} },
    ]);
    expect(groupsOf(writeWorkflow(openDocument(file)))).toEqual(groupsOf(file));
  });

  it("keep what a file of version 1 says of them, understood or not", () => {
    const group = { id: 7, title: "A", bounding: [1, 2, 3, 4], flags: { pinned: true }, theirs: [1] };
    const doc = openDocument({ version: 1, state: { lastNodeId: 0 }, nodes: [], links: [], groups: [group] });
    expect(groupsOf(writeWorkflow(doc))).toEqual([group]);
  });

  it("are made, renamed and deleted in one step each; their nodes go only when that is wanted", () => {
    const doc = defaultDocument();
    const id = addGroup(doc, "Prompts", RECT);
    setGroupTitle(doc, id, "  Words ");
    setGroupTitle(doc, id, " ");
    expect(doc.group(id)?.title).toBe("Words");
    removeGroups(doc, [id]);
    expect([...doc.groups()]).toEqual([]);
    expect(doc.node("6")).toBeDefined();
    doc.store.undo();
    removeGroupWith(doc, [id], ["6", "7"]);
    expect([doc.group(id), doc.node("6"), doc.linkInto("3", "positive")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    doc.store.undo();
    expect(doc.group(id)?.title).toBe("Words");
    expect(doc.linkInto("3", "positive")?.from).toBe("6");
  });

  it("get an id of their own also after one was deleted", () => {
    const doc = defaultDocument();
    const ids = [addGroup(doc, "A", RECT), addGroup(doc, "B", RECT)];
    removeGroups(doc, [ids[1] ?? ""]);
    expect(ids).not.toContain(addGroup(doc, "C", RECT));
  });
});

describe("colours and pins of nodes", () => {
  it("are written as ComfyUI has them, and undone in one step", () => {
    const doc = defaultDocument();
    const before = writeWorkflow(doc);
    setColor(doc, ["3", "6"], PALETTE[0] ?? null);
    togglePinned(doc, ["3", "6"]);
    const file = writeWorkflow(doc);
    const sampler = (file.nodes as readonly JsonObject[]).find((node) => node.id === 3);
    expect(sampler).toMatchObject({ color: "#322", bgcolor: "#533", flags: { pinned: true } });
    const again = openDocument(file).node("6");
    expect(again).toMatchObject({ color: "#322", bgcolor: "#533", pinned: true });
    expect(readWorkflow(before, defs).records).toContainEqual(
      expect.objectContaining({ id: "3", color: null, pinned: false }),
    );
    doc.store.undo();
    doc.store.undo();
    expect(writeWorkflow(doc)).toEqual(before);
  });
});

describe("a reroute in a link", () => {
  it("carries what the link carried, and is taken out again by one undo", () => {
    const doc = defaultDocument();
    const link = doc.linkInto("9", "images");
    const id = link ? insertInLink(doc, link, "Reroute", { x: 0, y: 0 }) : "";
    expect(doc.linkInto("9", "images")?.from).toBe(id);
    expect(doc.linksOf(id).map(({ from, to }) => [from, to])).toEqual([
      ["8", id],
      [id, "9"],
    ]);
    doc.store.undo();
    expect(doc.linkInto("9", "images")?.from).toBe("8");
    expect(doc.node(id)).toBeUndefined();
  });
});
