/**
 * Pictures, films and sounds on the whole page, one at a time or two with a line between them. Pictures are zoomed with
 * the wheel or two fingers and moved by dragging; arrow keys and swipes go to the next.
 */
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Look } from "../../actions/look";
import type { PictureView } from "../../canvas/PictureView";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";
import { InfoPanel } from "./InfoPanel";
import { handleKey } from "./keys";
import { LightboxBar } from "./LightboxBar";
import { Player } from "./Player";
import { Stage } from "./Stage";
import { useLightbox } from "./useLightbox";
import { waysOf } from "./ways";
import "./lightbox.css";

interface Props {
  readonly look: Look;
  readonly info: boolean;
  readonly onInfo: (shown: boolean) => void;
  readonly onClose: () => void;
}

export function Lightbox({ look, info, onInfo, onClose }: Props) {
  const editor = useEditor();
  const { api } = editor;
  const dialog = useRef<HTMLDialogElement>(null);
  const [view, setView] = useState<PictureView | null>(null);
  const state = useLightbox(look);
  const { live, file, other, neighbours, turn } = state;
  const close = useCallback(() => dialog.current?.close(), []);
  const ways = useMemo(() => file && waysOf(editor, file, close), [editor, file, close]);
  // Before a player inside wants the focus.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  usePreloaded(neighbours.filter((next) => mediumOf(next) === "image").map((next) => api.viewUrl(next)));

  const medium = file ? mediumOf(file) : "image";
  const name = file?.filename ?? t("Preview of the sampling");
  const url = live ?? (file && api.viewUrl(file));
  const toggleInfo = () => onInfo(!info);
  return (
    <dialog
      ref={dialog}
      className="page-dialog lightbox"
      aria-label={other ? t("{a} and {b}", { a: other.filename, b: name }) : name}
      onClose={onClose}
      onKeyDown={(e) => handleKey(e, { view, state, ways, info: toggleInfo })}
    >
      <LightboxBar
        name={name}
        state={state}
        view={medium === "image" ? view : null}
        ways={ways}
        info={info}
        onInfo={toggleInfo}
        onClose={close}
      />
      <div className="lightbox-room">
        {url !== null && medium === "image" && (
          <Stage
            url={url}
            name={name}
            other={other && { url: api.viewUrl(other), name: other.filename }}
            onView={setView}
            onTurn={turn}
            onAside={close}
          />
        )}
        {file && medium !== "image" && <Player key={url} url={url as string} file={file} />}
        {turn && (
          <>
            <Button
              className="lightbox-turn"
              label={t("Previous")}
              data-side="left"
              icon={<ChevronLeft size={24} aria-hidden />}
              onClick={() => turn(-1)}
            />
            <Button
              className="lightbox-turn"
              label={t("Next")}
              data-side="right"
              icon={<ChevronRight size={24} aria-hidden />}
              onClick={() => turn(1)}
            />
          </>
        )}
      </div>
      {info && file && <InfoPanel key={url} file={file} />}
    </dialog>
  );
}

function usePreloaded(urls: readonly string[]): void {
  const all = urls.join("\n");
  useEffect(() => {
    for (const url of all.split("\n").filter(Boolean)) new Image().src = url;
  }, [all]);
}
