/** Node types that live in the editor only and are never sent to the server as nodes. */

import { t } from "../lib/t";
import type { NodeDef } from "./nodeDefs";

export const REROUTE = "Reroute";
export const PRIMITIVE = "PrimitiveNode";
export const NOTE = "Note";
export const MARKDOWN_NOTE = "MarkdownNote";

function virtual(type: string, title: string, parts: Partial<NodeDef>): [string, NodeDef] {
  const blank = {
    category: "utilities",
    description: "",
    aliases: [],
    inputs: [],
    outputs: [],
    outputNode: false,
    deprecated: false,
    experimental: false,
    pack: "",
  };
  return [type, { type, title, ...blank, ...parts }];
}

function note(type: string, title: string): [string, NodeDef] {
  const widget = {
    kind: "text",
    default: "",
    multiline: true,
    markdown: type === MARKDOWN_NOTE,
    dynamicPrompts: false,
    get placeholder() {
      return t("Write a note");
    },
  } as const;
  const input = {
    name: "text",
    label: "text",
    type: "STRING",
    optional: true,
    tooltip: "",
    socket: false,
  } as const;
  return virtual(type, title, {
    aliases: ["comment", "text"],
    inputs: [{ ...input, advanced: false, widget }],
  });
}

export const VIRTUAL_DEFS: ReadonlyMap<string, NodeDef> = new Map([
  virtual(REROUTE, "Reroute", {
    inputs: [
      {
        name: "",
        label: "",
        type: "*",
        optional: true,
        tooltip: "",
        socket: true,
        advanced: false,
        widget: null,
      },
    ],
    outputs: [{ name: "", type: "*", isList: false }],
  }),
  virtual(PRIMITIVE, "Primitive", {
    outputs: [{ name: "connect to widget input", type: "*", isList: false }],
  }),
  note(NOTE, "Note"),
  note(MARKDOWN_NOTE, "Markdown Note"),
]);

export function isVirtual(type: string): boolean {
  return VIRTUAL_DEFS.has(type);
}
