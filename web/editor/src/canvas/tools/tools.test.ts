import { describe, expect, it } from "vitest";
import { addNode, togglePinned } from "../../graph/edit";
import { addGroup } from "../../graph/groups";
import { defaultDocument } from "../../graph/testing";
import { frameAround, MIN_GROUP } from "../groups";
import { TestCanvas } from "../testing";
import { PinchTool } from "./PinchTool";

const make = () => new TestCanvas(defaultDocument());
const EMPTY = { x: 100, y: 800 };

describe("pressing on nothing", () => {
  it("pans, and the document does not notice", () => {
    const canvas = make();
    canvas.drag(EMPTY, { x: 150, y: 780 });
    expect(canvas.camera).toEqual({ x: 50, y: -20, zoom: 1 });
    expect(canvas.doc.store.history.canUndo).toBe(false);
  });

  it("clears the selection only when it was a click", () => {
    const canvas = make();
    canvas.selection.set(["3"]);
    canvas.drag(EMPTY, { x: 150, y: 800 });
    expect(canvas.selection.has("3")).toBe(true);
    canvas.drag(EMPTY, EMPTY);
    expect(canvas.selection.ids.size).toBe(0);
  });

  it("draws a box with Shift, which adds what it touches", () => {
    const canvas = make();
    canvas.selection.set(["9"]);
    canvas.drag({ x: 380, y: 200 }, { x: 500, y: 600 }, { add: true });
    expect([...canvas.selection.ids].sort()).toEqual(["6", "7", "9"]);
    expect(canvas.overlay).toEqual({});
  });

  it("pans with the middle button or the space bar also over a node", () => {
    const canvas = make();
    expect(canvas.drag(canvas.titleAt("3"), EMPTY, { button: 1 })?.name).toBe("pan");
    expect(canvas.press(canvas.titleAt("8"), { space: true })?.name).toBe("pan");
  });
});

describe("pressing on a node", () => {
  it("selects it", () => {
    const canvas = make();
    canvas.drag(canvas.titleAt("3"), canvas.titleAt("3"));
    expect([...canvas.selection.ids]).toEqual(["3"]);
  });

  it("moves all that is selected, as one step of undo", () => {
    const canvas = make();
    canvas.selection.set(["6", "7"]);
    const from = canvas.titleAt("6");
    canvas.drag(from, { x: from.x + 30, y: from.y + 40 });
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 450, y: 340 });
    expect(canvas.doc.node("7")?.pos).toEqual({ x: 450, y: 524 });
    canvas.doc.store.undo();
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 420, y: 300 });
    expect(canvas.doc.store.history.canUndo).toBe(false);
  });

  it("moves links along before the document changes", () => {
    const canvas = make();
    const link = canvas.doc.linkInto("9", "images");
    const tool = canvas.press(canvas.titleAt("9"));
    const from = canvas.titleAt("9");
    tool?.move(canvas.input({ x: from.x, y: from.y + 100 }));
    expect(link && canvas.scene.way(link)?.[0]?.b.y).toBe(150 + 16 + 100);
    expect(canvas.doc.node("9")?.pos.y).toBe(150);
    tool?.cancel();
    expect(link && canvas.scene.way(link)?.[0]?.b.y).toBe(150 + 16);
  });

  it("moves by world units when the view is zoomed", () => {
    const canvas = make();
    canvas.camera = { x: 0, y: 0, zoom: 0.5 };
    const title = canvas.titleAt("9");
    canvas.drag({ x: title.x / 2, y: title.y / 2 }, { x: title.x / 2 + 10, y: title.y / 2 });
    expect(canvas.doc.node("9")?.pos.x).toBe(1540);
  });

  it("resizes by the corner, never below the content", () => {
    const canvas = make();
    const frame = canvas.scene.frame("3");
    const corner = { x: (frame?.x ?? 0) + (frame?.w ?? 0) - 3, y: (frame?.y ?? 0) + (frame?.h ?? 0) - 3 };
    expect(canvas.drag(corner, { x: corner.x + 100, y: corner.y - 500 })?.name).toBe("resize");
    expect(canvas.doc.node("3")?.size).toEqual({ w: 400, h: 276 });
  });
});

describe("groups", () => {
  const grouped = () => {
    const canvas = make();
    const id = addGroup(
      canvas.doc,
      "Prompts",
      frameAround(canvas.scene, ["6", "7"]) ?? { x: 0, y: 0, w: 1, h: 1 },
    );
    const rect = () => canvas.doc.group(id)?.rect ?? { x: 0, y: 0, w: 0, h: 0 };
    const title = { x: rect().x + 20, y: rect().y + 10 };
    return { canvas, id, rect, title };
  };

  it("move by the title with what lies in them, inner groups too, as one step", () => {
    const { canvas, rect, title } = grouped();
    const inner = addGroup(canvas.doc, "Inner", { x: rect().x + 20, y: rect().y + 40, w: 150, h: 100 });
    const before = rect();
    canvas.drag(title, { x: title.x + 30, y: title.y + 40 });
    expect(rect()).toEqual({ ...before, x: before.x + 30, y: before.y + 40 });
    expect(canvas.doc.group(inner)?.rect).toMatchObject({ x: before.x + 50, y: before.y + 80 });
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 450, y: 340 });
    expect(canvas.doc.node("3")?.pos).toEqual({ x: 840, y: 240 });
    canvas.doc.store.undo();
    expect(rect()).toEqual(before);
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 420, y: 300 });
  });

  it("are resized by the corner, with nothing in them moved, never smaller than their title", () => {
    const { canvas, rect } = grouped();
    const before = rect();
    const corner = { x: before.x + before.w - 4, y: before.y + before.h - 4 };
    expect(canvas.drag(corner, { x: corner.x + 50, y: corner.y + 60 })?.name).toBe("resize");
    expect(rect()).toEqual({ ...before, w: before.w + 50, h: before.h + 60 });
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 420, y: 300 });
    const now = { x: corner.x + 50, y: corner.y + 60 };
    canvas.drag(now, { x: now.x - 5000, y: now.y - 5000 });
    expect(rect()).toMatchObject(MIN_GROUP);
    canvas.press({ x: before.x + MIN_GROUP.w - 4, y: before.y + MIN_GROUP.h - 4 })?.cancel();
    expect(rect()).toMatchObject(MIN_GROUP);
  });

  it("select what lies in them when their title is clicked", () => {
    const { canvas, title } = grouped();
    canvas.drag(title, title);
    expect([...canvas.selection.ids].sort()).toEqual(["6", "7"]);
  });

  it("leave pinned nodes where they are, and those are not resized", () => {
    const { canvas, title } = grouped();
    togglePinned(canvas.doc, ["6"]);
    canvas.drag(title, { x: title.x + 30, y: title.y });
    expect([canvas.doc.node("6")?.pos.x, canvas.doc.node("7")?.pos.x]).toEqual([420, 450]);
    const frame = canvas.scene.frame("6") ?? { x: 0, y: 0, w: 0, h: 0 };
    expect(canvas.press({ x: frame.x + frame.w - 3, y: frame.y + frame.h - 3 })?.name).toBe("move");
  });
});

describe("snapping", () => {
  it("puts the first of what is moved onto the grid, and the rest stays where it is to it", () => {
    const canvas = make();
    canvas.grid = 12;
    canvas.selection.set(["6", "7"]);
    const [six, seven] = [canvas.doc.node("6")?.pos, canvas.doc.node("7")?.pos];
    const from = canvas.titleAt("6");
    canvas.drag(from, { x: from.x + 35, y: from.y + 40 });
    expect(canvas.doc.node("6")?.pos).toEqual({ x: 456, y: 336 });
    const by = { x: 456 - (six?.x ?? 0), y: 336 - (six?.y ?? 0) };
    expect(canvas.doc.node("7")?.pos).toEqual({ x: (seven?.x ?? 0) + by.x, y: (seven?.y ?? 0) + by.y });
  });
});

describe("drawing a link", () => {
  it("connects to the slot it is dropped near", () => {
    const canvas = make();
    const to = canvas.inputAt("6", "clip");
    canvas.drag(canvas.outputAt("4", 1), { x: to.x - 10, y: to.y + 6 });
    expect(canvas.doc.linkInto("6", "clip")?.from).toBe("4");
  });

  it("lights the slots that fit, and only those", () => {
    const canvas = make();
    const tool = canvas.press(canvas.outputAt("4", 0));
    expect(canvas.overlay.targets?.map((target) => target.type)).toEqual(["MODEL"]);
    tool?.cancel();
    expect(canvas.overlay).toEqual({});
  });

  it("finds the right slot when it is dropped on the body of a node", () => {
    const canvas = make();
    const link = canvas.doc.linkInto("3", "model");
    if (link) canvas.doc.transact("x", (tx) => tx.remove(`link:${link.id}`));
    canvas.drag(canvas.outputAt("4", 0), { x: 990, y: 420 });
    expect(canvas.doc.linkInto("3", "model")?.from).toBe("4");
  });

  it("takes the slot in whose row of the node it is dropped, also of a widget, also where it is taken", () => {
    const canvas = make();
    const row = (input: string) => ({
      x: canvas.inputAt("3", input).x + 120,
      y: canvas.inputAt("3", input).y,
    });
    const id = addNode(canvas.doc, "PrimitiveInt", { x: 0, y: 900 });
    canvas.drag(canvas.outputAt(id, 0), row("steps"));
    expect(canvas.doc.linkInto("3", "steps")?.from).toBe(id);
    canvas.drag(canvas.outputAt("6", 0), row("negative"));
    expect(canvas.doc.linkInto("3", "negative")?.from).toBe("6");
  });

  it("is taken off an input by pulling, in one step", () => {
    const canvas = make();
    canvas.drag(canvas.inputAt("9", "images"), { x: 1470, y: 700 });
    expect(canvas.doc.linkInto("9", "images")).toBeUndefined();
    expect(canvas.offers).toEqual([]);
    canvas.doc.store.undo();
    expect(canvas.doc.linkInto("9", "images")?.from).toBe("8");
  });

  it("moves from one input to another in one step", () => {
    const canvas = make();
    canvas.drag(canvas.inputAt("3", "positive"), canvas.inputAt("3", "negative"));
    expect(canvas.doc.linkInto("3", "positive")).toBeUndefined();
    expect(canvas.doc.linkInto("3", "negative")?.from).toBe("6");
    canvas.doc.store.undo();
    expect(canvas.doc.linkInto("3", "positive")?.from).toBe("6");
    expect(canvas.doc.linkInto("3", "negative")?.from).toBe("7");
  });

  it("offers nodes when it is dropped on nothing, from either end", () => {
    const canvas = make();
    canvas.drag(canvas.outputAt("8", 0), { x: 1470, y: 700 });
    expect(canvas.offers[0]).toEqual({
      at: { x: 1470, y: 700 },
      end: { kind: "output", ref: { node: "8", output: 0 }, type: "IMAGE" },
    });
    canvas.drag(canvas.inputAt("3", "steps"), { x: 800, y: 800 });
    expect(canvas.offers[1]?.end).toEqual({ kind: "input", ref: { node: "3", input: "steps" }, type: "INT" });
  });

  it("does nothing when it is only clicked", () => {
    const canvas = make();
    const at = canvas.inputAt("9", "images");
    canvas.drag(at, at);
    expect(canvas.doc.linkInto("9", "images")?.from).toBe("8");
    expect(canvas.doc.store.history.canUndo).toBe(false);
  });
});

describe("two fingers", () => {
  it("keep what is between them between them", () => {
    const canvas = make();
    const pinch = new PinchTool(canvas, [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
    ]);
    pinch.fingers({ x: 100, y: 150 }, { x: 300, y: 150 });
    expect(canvas.camera.zoom).toBe(2);
    expect({ x: 150 * 2 + canvas.camera.x, y: 100 * 2 + canvas.camera.y }).toEqual({ x: 200, y: 150 });
    pinch.cancel();
    expect(canvas.camera).toEqual({ x: 0, y: 0, zoom: 1 });
  });
});

describe("reroutes", () => {
  const onLink = (canvas: TestCanvas) => {
    const [a, b] = [canvas.outputAt("8", 0), canvas.inputAt("9", "images")];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  const dots = (canvas: TestCanvas) => [...canvas.doc.reroutes()];

  it("are put on a link by pressing it with Alt, dragged, and deleted with nothing left, each as one step", () => {
    const canvas = make();
    const at = onLink(canvas);
    canvas.drag(at, { x: at.x, y: at.y + 90 }, { alt: true });
    expect(dots(canvas).map(({ pos }) => pos.y)).toEqual([at.y + 90]);
    expect([...canvas.selection.reroutes]).toEqual(dots(canvas).map(({ id }) => id));
    canvas.drag({ x: at.x, y: at.y + 90 }, { x: at.x + 20, y: at.y + 50 });
    expect(dots(canvas)[0]?.pos).toEqual({ x: at.x + 20, y: at.y + 50 });
    const link = canvas.doc.linkInto("9", "images");
    expect(link && canvas.scene.way(link)?.map(({ b }) => b.y)).toEqual([
      at.y + 50,
      canvas.inputAt("9", "images").y,
    ]);
    canvas.doc.store.undo();
    canvas.doc.store.undo();
    expect(dots(canvas)).toEqual([]);
    expect(canvas.doc.store.history.canUndo).toBe(false);
  });

  it("let a new link branch off with Alt", () => {
    const canvas = make();
    const at = onLink(canvas);
    canvas.drag(at, at, { alt: true });
    canvas.drag(at, { x: at.x, y: at.y + 400 }, { alt: true });
    const [offer] = canvas.offers;
    expect(offer?.end).toMatchObject({
      kind: "output",
      ref: { node: "8", output: 0 },
      via: dots(canvas)[0]?.id,
    });
  });

  it("move with the nodes that are selected with them", () => {
    const canvas = make();
    const at = onLink(canvas);
    canvas.drag(at, at, { alt: true });
    canvas.selection.set(
      ["8"],
      dots(canvas).map(({ id }) => id),
    );
    const from = canvas.titleAt("8");
    canvas.drag(from, { x: from.x + 30, y: from.y });
    expect(dots(canvas)[0]?.pos.x).toBe(at.x + 30);
    canvas.doc.store.undo();
    expect(dots(canvas)[0]?.pos.x).toBe(at.x);
  });
});

describe("dragging a node with Alt", () => {
  it("copies it to where it is let go, as one step, and leaves it where it is", () => {
    const canvas = make();
    const [from, before] = [canvas.titleAt("6"), canvas.doc.node("6")];
    canvas.drag(from, { x: from.x + 40, y: from.y + 300 }, { alt: true });
    const [copy] = canvas.selection.ids;
    expect(canvas.doc.node("6")).toBe(before);
    expect(canvas.doc.node(copy ?? "")?.pos).toEqual({
      x: (before?.pos.x ?? 0) + 40,
      y: (before?.pos.y ?? 0) + 300,
    });
    canvas.doc.store.undo();
    expect(canvas.doc.store.history.canUndo).toBe(false);
  });
});

describe("a node without links that is dropped on a link", () => {
  it("is put between its ends, as one step, where it fits", () => {
    const canvas = make();
    const { doc } = canvas;
    const id = addNode(doc, "ImageInvert", { x: 0, y: 900 });
    const [a, b] = [canvas.outputAt("8", 0), canvas.inputAt("9", "images")];
    const from = canvas.titleAt(id);
    const frame = canvas.scene.frame(id);
    const middle = { x: (frame?.x ?? 0) + (frame?.w ?? 0) / 2, y: (frame?.y ?? 0) + (frame?.h ?? 0) / 2 };
    const by = { x: (a.x + b.x) / 2 - middle.x, y: (a.y + b.y) / 2 - middle.y };
    canvas.drag(from, { x: from.x + by.x, y: from.y + by.y });
    expect(doc.linkInto(id, "image")?.from).toBe("8");
    expect(doc.linkInto("9", "images")?.from).toBe(id);
    doc.store.undo();
    expect(doc.linkInto("9", "images")?.from).toBe("8");
    expect(doc.node(id)?.pos).toEqual({ x: 0, y: 900 });
  });
});
