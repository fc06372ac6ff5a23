import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../lib/json";
import { widgetSpec } from "./readWidget";

const kindOf = (type: string, options: JsonObject = {}, name = "x") =>
  widgetSpec(name, type, options)?.kind ?? "socket";

/** Every type that an input of the built-in nodes has and that a person sets on the node. */
const KINDS: readonly [string, JsonObject, string][] = [
  ["INT", {}, "int"],
  ["FLOAT", {}, "float"],
  ["FLOAT,INT", { widgetType: "FLOAT" }, "float"],
  ["STRING", {}, "text"],
  ["STRING", { widgetType: "PAINTER" }, "painter"],
  ["STRING,FILE_3D_GLB", { widgetType: "STRING" }, "text"],
  ["MARKDOWN", {}, "text"],
  ["BOOLEAN", {}, "toggle"],
  ["COMBO", { options: ["a"] }, "combo"],
  ["COLOR", {}, "color"],
  ["COLORS", {}, "colors"],
  ["CURVE", {}, "curve"],
  ["BOUNDING_BOX", {}, "box"],
  ["BOUNDING_BOX", { forceInput: true }, "socket"],
  ["BOUNDING_BOXES", {}, "boxes"],
  ["COMPOSITOR", {}, "opaque"],
  ["LOAD_3D", {}, "opaque"],
  ["RANGE", {}, "opaque"],
  ["WEBCAM", {}, "capture"],
  ["AUDIO_RECORD", {}, "capture"],
  ["IMAGECOMPARE", {}, "compare"],
  ["IMAGEUPLOAD", {}, "opaque"],
  ["IMAGE", {}, "socket"],
  ["INT,FLOAT,STRING,BOOLEAN", {}, "socket"],
  ["*", {}, "socket"],
];

describe("the widget of an input", () => {
  it.each(KINDS)("%s %j is a %s", (type, options, kind) => expect(kindOf(type, options)).toBe(kind));

  it("of a list is a combo", () =>
    expect(widgetSpec("x", "COMBO", {}, ["a", "b"])).toMatchObject({ default: "a" }));

  it("shows numbers as the definition asks, where that is possible", () => {
    const look = (options: JsonObject) => widgetSpec("x", "INT", options);
    expect(look({ display: "slider", min: 0, max: 9 })).toMatchObject({ look: "slider" });
    expect(look({ display: "slider" })).toMatchObject({ look: "field" });
    expect(look({ display: "color", min: 0, max: 0xffffff })).toMatchObject({ look: "color" });
    expect(widgetSpec("x", "FLOAT", { display: "knob", min: 0, max: 1 })).toMatchObject({ look: "slider" });
  });

  it.each<[JsonObject, Json]>([
    [{ image_upload: true }, "image"],
    [{ animated_image_upload: true }, "image"],
    [{ audio_upload: true }, "audio"],
    [{ video_upload: true }, "video"],
    [{ file_upload: true }, "file"],
    [{}, null],
  ])("with %j takes uploads of %s", (options, upload) =>
    expect(widgetSpec("x", "COMBO", options)).toMatchObject({ upload }),
  );

  it("of a choice of several begins with none", () => {
    const several = { multiple: true, default: [] };
    expect(widgetSpec("x", "COMBO", { options: ["a"], multiselect: true })).toMatchObject(several);
    expect(widgetSpec("x", "COMBO", { options: ["a"], multi_select: { chip: true } })).toMatchObject(several);
  });

  it("asks the server for its options where the definition names a route", () => {
    const remote = { route: "/internal/files/output", control_after_refresh: "first" };
    expect(widgetSpec("x", "COMBO", { remote, image_folder: "output" })).toMatchObject({
      folder: "output",
      remote: { route: "/internal/files/output", key: "", afterwards: "first" },
    });
  });

  it("that is hidden has a value all the same", () =>
    expect(widgetSpec("x", "INT", { hidden: true, default: 512 })).toMatchObject({
      hidden: true,
      default: 512,
    }));
});
