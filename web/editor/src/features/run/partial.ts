/** Parts of a workflow: what a node needs, or what depends on it. The server runs outputs; a node that is none gets one. */
import type { GraphDocument } from "../../graph/document";
import type { ApiPrompt } from "../../graph/formats/apiPrompt";
import type { NodeId } from "../../graph/records";
import { isArray } from "../../lib/json";

export interface Part {
  readonly prompt: ApiPrompt;
  readonly targets: readonly string[];
}

/** What shows a result of a type on the node that made it: class and input. */
const VIEWERS: Readonly<Record<string, readonly [string, string]>> = {
  IMAGE: ["PreviewImage", "images"],
  MASK: ["MaskPreview", "mask"],
  AUDIO: ["PreviewAudio", "audio"],
  STRING: ["PreviewAny", "source"],
  INT: ["PreviewAny", "source"],
  FLOAT: ["PreviewAny", "source"],
  BOOLEAN: ["PreviewAny", "source"],
};
const ANY = ["PreviewAny", "source"] as const;
/** The end of the ids of outputs that are there only so that their node runs: what they say is not shown. */
export const SILENT = ":ran";
const SHOWN = ":shown";

/** All that these nodes of the open sheet need, and they themselves. */
export function upTo(doc: GraphDocument, prompt: ApiPrompt, nodes: readonly NodeId[]): Part {
  const added: Record<string, ApiPrompt[string]> = {};
  const targets = nodes.flatMap((id) => {
    const runId = doc.runId(id);
    const inside = outputsIn(doc, prompt, runId);
    if (inside.length) return inside;
    if (!prompt[runId]) return [];
    const [target, viewer] = viewerOf(doc, id, runId);
    added[target] = viewer;
    return [target];
  });
  return { prompt: { ...prompt, ...added }, targets };
}

/** The outputs that depend on these nodes. */
export function dependingOn(doc: GraphDocument, prompt: ApiPrompt, nodes: readonly NodeId[]): Part {
  const takers = takersIn(prompt);
  const runIds = nodes.map((id) => doc.runId(id));
  const waiting = Object.keys(prompt).filter((id) =>
    runIds.some((runId) => id === runId || id.startsWith(`${runId}:`)),
  );
  const reached = new Set<string>();
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    waiting.push(...(takers.get(id) ?? []));
  }
  return { prompt, targets: [...reached].filter((id) => isOutput(doc, prompt, id)) };
}

/** The output nodes that a node is, or has inside. */
function outputsIn(doc: GraphDocument, prompt: ApiPrompt, runId: string): string[] {
  const within = Object.keys(prompt).filter((id) => id === runId || id.startsWith(`${runId}:`));
  return within.filter((id) => isOutput(doc, prompt, id));
}

function viewerOf(doc: GraphDocument, id: NodeId, runId: string): [string, ApiPrompt[string]] {
  const types = doc.shape(id)?.outputs.map(({ type }) => type) ?? [];
  const shown = types.findIndex((type) => VIEWERS[type] && doc.defs.has(VIEWERS[type][0]));
  const output = Math.max(0, shown);
  const [class_type, input] = VIEWERS[types[output] ?? ""] ?? ANY;
  return [
    runId + (shown < 0 ? SILENT : SHOWN),
    { class_type, inputs: { [input]: [runId, output] }, _meta: { title: "Shown" } },
  ];
}

function takersIn(prompt: ApiPrompt): Map<string, string[]> {
  const takers = new Map<string, string[]>();
  for (const [id, node] of Object.entries(prompt)) {
    for (const value of Object.values(node.inputs)) {
      if (!isArray(value) || value.length !== 2) continue;
      const source = String(value[0]);
      takers.set(source, [...(takers.get(source) ?? []), id]);
    }
  }
  return takers;
}

function isOutput(doc: GraphDocument, prompt: ApiPrompt, id: string): boolean {
  return doc.defs.get(prompt[id]?.class_type ?? "")?.outputNode === true;
}
