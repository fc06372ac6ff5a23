/** A picture under a moving view, or two of them in one place with a line between. */
import { type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { PictureView } from "../../canvas/PictureView";
import { distance, type Point } from "../../lib/geometry";
import { t } from "../../lib/t";
import { actualSize } from "./actualSize";
import { Divider } from "./Divider";
import { useLoaded } from "./useLoaded";

/** A press that moves less is a click. */
const STILL = 4;
/** A finger that moves further to the side than this wants the next picture. */
const SWIPE = 56;
const NEARLY = 0.02;

interface Props {
  readonly url: string;
  readonly name: string;
  readonly other: { readonly url: string; readonly name: string } | null;
  readonly onView: (view: PictureView | null) => void;
  readonly onTurn: ((by: number) => void) | null;
  /** Somebody pressed beside the picture. */
  readonly onAside: () => void;
}

interface Press {
  readonly at: Point;
  readonly aside: boolean;
  /** Null: it did not show all of the picture. */
  readonly fitted: number | null;
}

export function Stage({ url, name, other, onView, onTurn, onAside }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const press = useRef<Press | null>(null);
  const [view, setView] = useState<PictureView | null>(null);
  const [line, setLine] = useState(50);
  const { picture, failed } = useLoaded(url);

  useLayoutEffect(() => {
    if (!host.current || !stage.current) return;
    const created = new PictureView(host.current, stage.current);
    setView(created);
    onView(created);
    return () => {
      onView(null);
      created.destroy();
    };
  }, [onView]);
  // Before it is seen: a picture at another size than it is to have would flicker.
  useLayoutEffect(() => {
    if (view && picture) view.show(picture);
  }, [view, picture]);

  const down = (e: PointerEvent) => {
    if (!view || e.button > 1) return;
    e.currentTarget.setPointerCapture(e.pointerId);
    press.current ??= {
      at: view.place(e.nativeEvent),
      aside: e.target === e.currentTarget,
      fitted: view.isFit ? view.zoom : null,
    };
    view.press(e.nativeEvent, true);
  };
  const up = (e: PointerEvent) => {
    const start = press.current;
    if (!view || !start) return;
    view.release(e.nativeEvent);
    if (view.isTouched) return;
    press.current = null;
    const at = view.place(e.nativeEvent);
    const isClick = e.type === "pointerup" && distance(at, start.at) < STILL;
    if (isClick && start.aside) onAside();
    if (e.pointerType !== "touch" || start.fitted !== view.zoom) return;
    view.fit();
    const [dx, dy] = [at.x - start.at.x, at.y - start.at.y];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) onTurn?.(dx < 0 ? 1 : -1);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the dialog do the same
    <div
      ref={host}
      className="lightbox-stage"
      onPointerDown={down}
      onPointerMove={(e) => view?.move(e.nativeEvent)}
      onPointerUp={up}
      onPointerCancel={up}
      onDoubleClick={(e) => view && toggleSize(view, view.place(e.nativeEvent))}
    >
      <div ref={stage} className="lightbox-picture" hidden={!picture || failed}>
        {picture && <img src={picture.url} alt={name} draggable={false} />}
        {picture && other && (
          <>
            <img
              src={other.url}
              alt={other.name}
              draggable={false}
              style={{ clipPath: `inset(0 ${100 - line}% 0 0)` }}
            />
            <Divider at={line} view={view} width={picture.w} onMove={setLine} />
          </>
        )}
      </div>
      {failed && <p className="lightbox-failed">{t("{name} cannot be shown: it may be gone.", { name })}</p>}
    </div>
  );
}

/** From the whole picture to its pixels and back; where both are the same, twice as large. */
function toggleSize(view: PictureView, at: Point): void {
  const actual = actualSize();
  const isActual = Math.abs(view.zoom / actual - 1) < NEARLY;
  if (view.isFit) view.zoomTo(isActual ? 2 * actual : actual, at);
  else view.fit();
}
