/** What the inside of a node may use. It is given once, at the top. */
import { createContext, useCallback, useContext, useRef, useSyncExternalStore } from "react";
import type { FileRef, UploadPlace } from "../api/types";
import type { Engine } from "../canvas/Engine";
import type { NodeLayout } from "../canvas/nodeLayout";
import type { GraphDocument } from "../graph/document";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId, NodeRecord } from "../graph/records";
import type { Selection } from "../graph/selection";
import type { RemoteLists } from "./remoteLists";
import type { NodeRun, RunStatus } from "./runStatus";

export interface NodeServices {
  readonly doc: GraphDocument;
  readonly engine: Engine;
  readonly selection: Selection;
  readonly status: RunStatus;
  viewUrl(file: FileRef): string;
  readonly remoteLists: RemoteLists;
  upload(file: File, place?: UploadPlace): Promise<FileRef>;
  /** Sends a file and puts its name into a widget; what goes wrong is said on the page. */
  uploadInto(id: NodeId, widget: string, file: File): Promise<void>;
  /** Names that a prompt may use. */
  promptNames(kind: "embedding" | "lora"): Promise<readonly string[]>;
  /** Opens the mask editor for a picture that a node shows. */
  editMask(id: NodeId, file: FileRef): void;
  /** Opens the paint editor for the drawing that a widget names. */
  draw(id: NodeId, widget: string): void;
  showProblems(id: NodeId): void;
  /** Shows what a node has, on the whole page, and what it makes meanwhile; or two pictures under one line. */
  openImages(images: readonly FileRef[], index: number, id: NodeId, against?: number): void;
}

export const NodeServicesContext = createContext<NodeServices | null>(null);

export function useServices(): NodeServices {
  const services = useContext(NodeServicesContext);
  if (!services) throw new Error("A node view needs its services");
  return services;
}

/** The record; a new one only when something other than its place changed. */
export function useNode(id: NodeId): NodeRecord | undefined {
  const { doc } = useServices();
  const seen = useRef<NodeRecord | undefined>(undefined);
  const subscribe = useCallback((listener: () => void) => doc.watch(id, listener), [doc, id]);
  return useSyncExternalStore(subscribe, () => {
    const now = doc.node(id);
    if (!now || !seen.current || !sameLook(seen.current, now)) seen.current = now;
    return seen.current;
  });
}

function sameLook(a: NodeRecord, b: NodeRecord): boolean {
  return (Object.keys(a) as (keyof NodeRecord)[]).every(
    (key) => key === "pos" || key === "size" || a[key] === b[key],
  );
}

export function useShape(id: NodeId): NodeShape | undefined {
  const { doc } = useServices();
  const subscribe = useCallback((listener: () => void) => doc.watch(id, listener), [doc, id]);
  return useSyncExternalStore(subscribe, () => doc.shape(id));
}

export function useLayout(id: NodeId): NodeLayout | undefined {
  const { engine } = useServices();
  const subscribe = useCallback(
    (listener: () => void) => engine.scene.watchLayout(id, listener),
    [engine, id],
  );
  return useSyncExternalStore(subscribe, () => engine.scene.layout(id));
}

export function useRun(id: NodeId): NodeRun {
  const { status, doc } = useServices();
  const key = doc.runId(id);
  const subscribe = useCallback((listener: () => void) => status.watch(key, listener), [status, key]);
  return useSyncExternalStore(subscribe, () => status.get(key));
}

export function useSelected(id: NodeId): boolean {
  const { selection } = useServices();
  const subscribe = useCallback(
    (listener: () => void) => selection.changed.on((touched) => touched.has(id) && listener()),
    [selection, id],
  );
  return useSyncExternalStore(subscribe, () => selection.has(id));
}
