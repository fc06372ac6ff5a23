/** The picture that comes into a node, as far as the page has it: made by a run, or about to be loaded. */
import { useCallback, useSyncExternalStore } from "react";
import type { FileRef } from "../api/types";
import type { GraphDocument } from "../graph/document";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId, NodeRecord } from "../graph/records";
import { REROUTE } from "../graph/virtualNodes";
import { fileRefOf, mediumOf, pathOf } from "./fileRef";
import type { NodeRun, RunStatus } from "./runStatus";
import { useServices } from "./services";

/** Shown by the node that it comes from, or by another one that it goes to. Null: there is none, or it was never shown. */
export function pictureInto(
  doc: GraphDocument,
  status: RunStatus,
  id: NodeId,
  input: string,
): FileRef | null {
  let link = doc.linkInto(id, input);
  while (link && doc.node(link.from)?.type === REROUTE) link = doc.linkInto(link.from, "");
  if (!link) return null;
  const { from, output } = link;
  const also = doc
    .linksFrom(from)
    .filter((other) => other.output === output && other.to !== id && isViewer(doc.shape(other.to)));
  const nodes = [from, ...also.map(({ to }) => to)];
  const record = doc.node(from);
  const shape = doc.shape(from);
  const shown = nodes.flatMap((node) => madeBy(doc.shape(node), status.get(doc.runId(node))));
  const loaded = record && shape ? inputFiles(record, shape) : [];
  return [...shown, ...loaded].find((file) => mediumOf(file) === "image") ?? null;
}

/** What a node made. One in which a part of a picture is marked tells of the whole picture, not of what it cuts out. */
export function madeBy(shape: NodeShape | undefined, { images }: NodeRun): readonly FileRef[] {
  return shape?.widgets.some(({ spec }) => spec.kind === "box" && spec.onPicture) ? [] : images;
}

/** What a node will load: the file that a combo with an upload, or a camera or microphone, names. */
export function inputFiles(node: NodeRecord, shape: NodeShape): FileRef[] {
  const widget = shape.widgets.find(
    ({ spec }) => spec.kind === "capture" || (spec.kind === "combo" && spec.upload !== null),
  );
  const value = widget && node.values[widget.name];
  return typeof value === "string" && value ? [fileRefOf(value)] : [];
}

/** A node that shows what it is given, and makes nothing of its own. */
function isViewer(shape: NodeShape | undefined): boolean {
  return shape?.def?.outputNode === true && shape.sockets.length === 1;
}

export function useInputPicture(id: NodeId, input: string | undefined): FileRef | null {
  const { doc, status } = useServices();
  const subscribe = useCallback(
    (listener: () => void) => {
      const offs = [doc.store.changed.on(listener), status.made.on(listener)];
      return () => {
        for (const off of offs) off();
      };
    },
    [doc, status],
  );
  const path = useSyncExternalStore(subscribe, () => {
    const file = input === undefined ? null : pictureInto(doc, status, id, input);
    return file && pathOf(file);
  });
  return path === null ? null : fileRefOf(path);
}
