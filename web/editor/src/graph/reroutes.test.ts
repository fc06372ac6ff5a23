import { describe, expect, it } from "vitest";
import { stringifyJson } from "../lib/json";
import type { GraphDocument } from "./document";
import { connect, disconnect, removeNodes } from "./edit";
import { toApiPrompt } from "./formats/apiPrompt";
import { writeWorkflow } from "./formats/writeWorkflow";
import type { LinkRecord } from "./records";
import { chainOf } from "./rerouteChains";
import { addReroute, removeReroutes, straighten } from "./reroutes";
import { defaultDocument, openDocument } from "./testing";

const at = (x: number) => ({ x, y: 0 });
const linkInto = (doc: GraphDocument, node: string, input: string) => doc.linkInto(node, input) as LinkRecord;
const chain = (doc: GraphDocument, node: string, input: string) =>
  chainOf(doc, linkInto(doc, node, input).parent).map(({ pos }) => pos.x);

describe("reroutes", () => {
  it("lie on a link in order, and one is put between others where it was asked for", () => {
    const doc = defaultDocument();
    addReroute(doc, linkInto(doc, "3", "model"), at(1));
    addReroute(doc, linkInto(doc, "3", "model"), at(3));
    addReroute(doc, linkInto(doc, "3", "model"), at(2), 1);
    addReroute(doc, linkInto(doc, "3", "model"), at(0), 0);
    expect(chain(doc, "3", "model")).toEqual([0, 1, 2, 3]);
  });

  it("are shared by a link that branches off, which stays when the first one goes", () => {
    const doc = defaultDocument();
    const first = addReroute(doc, linkInto(doc, "6", "clip"), at(1));
    addReroute(doc, linkInto(doc, "6", "clip"), at(2));
    connect(doc, { node: "4", output: 1 }, { node: "7", input: "clip" }, first);
    expect([chain(doc, "6", "clip"), chain(doc, "7", "clip")]).toEqual([[1, 2], [1]]);
    const { reroutes } = writeWorkflow(doc).extra as { reroutes: { linkIds: number[] }[] };
    expect(reroutes.map(({ linkIds }) => linkIds.length)).toEqual([2, 1]);
    disconnect(doc, linkInto(doc, "6", "clip"));
    expect([...doc.reroutes()].map(({ pos }) => pos.x)).toEqual([1]);
  });

  it("leave with the last link that went through them, and come back by undo", () => {
    const doc = defaultDocument();
    addReroute(doc, linkInto(doc, "3", "model"), at(1));
    removeNodes(doc, ["4"]);
    expect([...doc.reroutes()]).toEqual([]);
    doc.store.undo();
    expect(chain(doc, "3", "model")).toEqual([1]);
    straighten(doc, [linkInto(doc, "3", "model")]);
    expect([...doc.reroutes()]).toEqual([]);
  });

  it("close the gap when one of them is deleted", () => {
    const doc = defaultDocument();
    const before = stringifyJson(writeWorkflow(doc));
    const ids = [1, 2, 3].map((x) => addReroute(doc, linkInto(doc, "3", "model"), at(x)));
    removeReroutes(doc, [ids[1] ?? ""]);
    expect(chain(doc, "3", "model")).toEqual([1, 3]);
    removeReroutes(doc, ids);
    expect(chain(doc, "3", "model")).toEqual([]);
    while (doc.store.undo());
    const { last_node_id: _n, last_link_id: _l, ...file } = writeWorkflow(doc);
    expect(before).toContain(stringifyJson(file.links));
    expect(file.extra).not.toHaveProperty("reroutes");
  });

  it("change nothing in the prompt, and are read back as they were written", () => {
    const doc = defaultDocument();
    const prompt = toApiPrompt(doc);
    addReroute(doc, linkInto(doc, "3", "model"), at(1));
    addReroute(doc, linkInto(doc, "3", "model"), at(2));
    expect(toApiPrompt(doc)).toEqual(prompt);
    const again = openDocument(writeWorkflow(doc));
    expect(chain(again, "3", "model")).toEqual([1, 2]);
    expect(writeWorkflow(again)).toEqual(writeWorkflow(doc));
  });

  it("of a damaged file that run in a circle do no harm", () => {
    const reroutes = [
      { id: 1, parentId: 2, pos: [0, 0], linkIds: [1] },
      { id: 2, parentId: 1, pos: [1, 0], linkIds: [1] },
    ];
    const nodes = [
      { id: 1, type: "EmptyLatentImage" },
      { id: 2, type: "VAEDecode", inputs: [{ name: "samples", type: "LATENT", link: 1 }] },
    ];
    const extra = { reroutes, linkExtensions: [{ id: 1, parentId: 1 }] };
    const doc = openDocument({ nodes, links: [[1, 1, 0, 2, 0, "LATENT"]], extra });
    expect(chain(doc, "2", "samples")).toEqual([1, 0]);
    removeReroutes(doc, ["1"]);
    expect([...doc.reroutes()].length).toBeLessThan(2);
  });
});
