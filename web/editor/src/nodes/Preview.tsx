/** The pictures of a node: what it made, what it is making, or what it will load. */
import { Image as ImageIcon } from "lucide-react";
import { useEffect, useState } from "react";
import type { FileRef } from "../api/types";
import type { Band } from "../canvas/nodeLayout";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId, NodeRecord } from "../graph/records";
import { fileRefOf } from "./fileRef";
import type { NodeRun } from "./runStatus";
import { useServices } from "./services";

/** Texts get a box of this shape until somebody makes the node larger. */
const TEXT_ASPECT = 2.5;

interface Props {
  readonly id: NodeId;
  readonly band: Band | null;
  readonly node: NodeRecord;
  readonly shape: NodeShape;
  readonly run: NodeRun;
}

export function Preview({ id, band, node, shape, run }: Props) {
  const { engine, viewUrl, openImages } = useServices();
  const images = run.images.length ? run.images : inputImages(node, shape);
  const live = run.preview !== null && (run.state === "running" || !images.length);
  const urls = live && run.preview ? [run.preview] : images.map(viewUrl);
  const ready = useLoaded(urls);
  const failed = run.problems.length > 0;
  const talks = run.log.length > 0;
  const columns = Math.ceil(Math.sqrt(ready?.urls.length ?? 1));
  const hasText = !ready && run.texts.length > 0;
  const aspect = ready ? gridAspect(ready.aspect, ready.urls.length, columns) : hasText ? TEXT_ASPECT : null;

  useEffect(() => {
    engine.scene.setExtras(id, { previewAspect: aspect, note: talks, error: failed });
  }, [engine, id, aspect, talks, failed]);

  if (!band) return null;
  if (hasText) {
    return (
      <p className="preview node-text" data-interactive data-scrolls style={{ top: band.y, height: band.h }}>
        {run.texts.join("\n")}
      </p>
    );
  }
  if (!ready) {
    return (
      <div className="preview preview-empty" style={{ top: band.y, height: band.h }}>
        <ImageIcon size={24} strokeWidth={1.5} aria-hidden />
        <span>{run.state === "running" ? "Making the picture" : "The picture appears here"}</span>
      </div>
    );
  }
  return (
    <div
      className="preview"
      data-live={live || undefined}
      style={{ top: band.y, height: band.h, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {ready.urls.map((url, i) =>
        live ? (
          <img key="live" src={url} alt="Preview of the sampling" draggable={false} />
        ) : (
          <button
            type="button"
            key={url}
            aria-label={`Open ${images[i]?.filename}`}
            onClick={() => openImages(images, i)}
          >
            <img src={url} alt={images[i]?.filename ?? ""} draggable={false} />
          </button>
        ),
      )}
    </div>
  );
}

interface Loaded {
  readonly urls: readonly string[];
  readonly aspect: number;
}

/** Shows pictures only once they are there, and the old ones until then: nothing flickers or jumps. */
function useLoaded(urls: readonly string[]): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const key = urls.join("\n");
  useEffect(() => {
    const wanted = key ? key.split("\n") : [];
    const [first] = wanted;
    if (!first) {
      setLoaded(null);
      return;
    }
    let current = true;
    const image = new Image();
    image.onload = () =>
      current && setLoaded({ urls: wanted, aspect: image.naturalWidth / image.naturalHeight || 1 });
    // A file that is gone leaves the place empty.
    image.onerror = () => current && setLoaded((old) => (first.startsWith("blob:") ? old : null));
    image.src = first;
    return () => {
      current = false;
    };
  }, [key]);
  return loaded;
}

function gridAspect(aspect: number, count: number, columns: number): number {
  return (aspect * columns) / Math.ceil(count / columns);
}

/** What a node with an upload will load. */
function inputImages(node: NodeRecord, shape: NodeShape): FileRef[] {
  const widget = shape.widgets.find(({ spec }) => spec.kind === "combo" && spec.upload === "image");
  const value = widget && node.values[widget.name];
  return typeof value === "string" && value ? [fileRefOf(value)] : [];
}
