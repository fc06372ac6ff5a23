/** Where the state of a prompt's node is shown: on nodes of the workflow that it was made of. */
import type { GraphDocument } from "../../graph/document";
import type { NodeId } from "../../graph/records";
import type { NodeRun } from "../../nodes/runStatus";
import type { Tab } from "../../tabs/Tab";
import type { Run } from "./runStore";

/** A node of an open workflow: by its id in the prompt, and by all ids that show its state. */
export interface Place {
  readonly tab: Tab;
  readonly id: string;
  readonly node: NodeId;
  readonly shownBy: readonly string[];
}

/** Null when the workflow has no such node any more. */
export function placeIn(tab: Tab, id: string): Place | null {
  const keys = shownBy(tab.doc, id);
  const [node] = keys;
  return node ? { tab, id, node, shownBy: keys } : null;
}

/**
 * What shows the state of a node of the prompt, the one on the root's canvas first: it itself where it is, and every
 * subgraph around it. Empty when the workflow has no such node any more.
 */
export function shownBy(doc: GraphDocument, id: string): string[] {
  if (doc.node(id)) return [id];
  const parts = id.split(":");
  const host = id.split(/[:.]/)[0] ?? "";
  if (!doc.node(host)) return [];
  return [host, ...parts.slice(1).map((_, i) => parts.slice(0, i + 2).join(":"))];
}

/** What shows some of these runs at work. */
export function atWork(tab: Tab, runs: readonly Run[]): ReadonlySet<string> {
  const here = runs.filter((run) => run.tab === tab.id && run.at);
  return new Set(here.flatMap(({ at }) => shownBy(tab.doc, at)));
}

export function show(
  place: Place | null,
  patch: Partial<NodeRun>,
  except: ReadonlySet<string> = new Set(),
): void {
  for (const key of place?.shownBy ?? []) if (!except.has(key)) place?.tab.status.update(key, patch);
}
