/** What a node shows of its files: what it made, what it is making, or what it will load. */
import { Image as ImageIcon, ImageOff, Maximize2 } from "lucide-react";
import { useEffect } from "react";
import type { FileRef } from "../api/types";
import type { Band } from "../canvas/nodeLayout";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId, NodeRecord } from "../graph/records";
import { t } from "../lib/t";
import { CompareView } from "./CompareView";
import { mediumOf } from "./fileRef";
import { inputFiles, madeBy } from "./inputPicture";
import { Player } from "./Player";
import { PreviewBar } from "./PreviewBar";
import type { NodeRun } from "./runStatus";
import { useServices } from "./services";
import { type Shown, useShown } from "./useShown";

/** Texts get a box of this shape until somebody makes the node larger. */
const TEXT_ASPECT = 2.5;
const PLAYER_ROW = 48;
const MOST_PLAYERS = 4;

interface Props {
  readonly id: NodeId;
  readonly band: Band | null;
  readonly node: NodeRecord;
  readonly shape: NodeShape;
  readonly run: NodeRun;
}

export function Preview({ id, band, node, shape, run }: Props) {
  const { engine, viewUrl, openImages } = useServices();
  const made = madeBy(shape, run);
  const files = made.length ? made : inputFiles(node, shape);
  const sounds = files.filter((file) => mediumOf(file) === "audio");
  const sights = files.filter((file) => /image|video/.test(mediumOf(file)));
  const live = run.preview !== null && (run.state === "running" || !files.length);
  const { shown, failed: unreadable } = useShown(
    live && run.preview ? [{ url: run.preview, file: null }] : sights.map(withUrl),
  );
  const failed = run.problems.length > 0;
  const talks = run.log.length > 0;
  const columns = Math.ceil(Math.sqrt(shown?.items.length ?? 1));
  const hasText = !shown && !sounds.length && run.texts.length > 0;
  const compared = run.compared && !live ? run.compared : null;
  const aspect = shown
    ? gridAspect(shown, compared ? 1 : columns, compared ? 1 : shown.items.length)
    : hasText
      ? TEXT_ASPECT
      : unreadable
        ? TEXT_ASPECT
        : null;
  const playerHeight = shown ? 0 : Math.min(sounds.length, MOST_PLAYERS) * PLAYER_ROW;

  useEffect(() => {
    engine.scene.setExtras(id, { previewAspect: aspect, playerHeight, note: talks, error: failed });
  }, [engine, id, aspect, playerHeight, talks, failed]);

  function withUrl(file: FileRef): { url: string; file: FileRef } {
    return { url: viewUrl(file), file };
  }

  if (!band) return null;
  const place = { top: band.y, height: band.h };
  if (hasText) {
    return (
      <p className="preview node-text" data-interactive data-scrolls style={place}>
        {run.texts.join("\n")}
      </p>
    );
  }
  if (!shown && playerHeight) {
    return (
      <div className="preview preview-sounds" data-interactive data-scrolls style={place}>
        {sounds.map((file, i) => (
          <div key={viewUrl(file)}>
            <Player url={viewUrl(file)} name={file.filename} medium="audio" />
            <button
              type="button"
              aria-label={t("Open {name}", { name: file.filename })}
              title={t("Full screen")}
              onClick={() => openImages(sounds, i, id)}
            >
              <Maximize2 size={14} aria-hidden />
            </button>
          </div>
        ))}
      </div>
    );
  }
  if (!shown) {
    const Icon = unreadable ? ImageOff : ImageIcon;
    return (
      <div className="preview preview-empty" style={place}>
        <Icon size={24} strokeWidth={1.5} aria-hidden />
        <span>
          {unreadable
            ? t("{name} cannot be shown", { name: sights[0]?.filename ?? "" })
            : run.state === "running"
              ? t("Making the picture")
              : t("The picture appears here")}
        </span>
      </div>
    );
  }
  return (
    <div
      className="preview"
      data-live={live || undefined}
      style={{ ...place, gridTemplateColumns: `repeat(${compared ? 1 : columns}, minmax(0, 1fr))` }}
    >
      {compared ? (
        <CompareView a={compared.a.map(viewUrl)} b={compared.b.map(viewUrl)} />
      ) : (
        <Cells id={id} shown={shown} />
      )}
      {!live && <PreviewBar id={id} shown={shown} compared={compared} />}
    </div>
  );
}

function Cells({ id, shown }: { readonly id: NodeId; readonly shown: Shown }) {
  const { openImages } = useServices();
  const files = shown.items.flatMap(({ file }) => file ?? []);
  return shown.items.map(({ url, file }, i) => {
    if (!file) {
      return (
        <button
          type="button"
          key="live"
          aria-label={t("Watch full screen")}
          onClick={() => openImages([], 0, id)}
        >
          <img src={url} alt={t("Preview of the sampling")} draggable={false} />
        </button>
      );
    }
    if (mediumOf(file) === "video") return <Player key={url} url={url} name={file.filename} medium="video" />;
    return (
      <button
        type="button"
        key={url}
        aria-label={t("Open {name}", { name: file.filename })}
        onClick={() => openImages(files, i, id)}
      >
        <img src={url} alt={file.filename} draggable={false} />
      </button>
    );
  });
}

function gridAspect({ w, h }: Shown, columns: number, count: number): number {
  return ((w / h) * columns) / Math.ceil(count / columns);
}
