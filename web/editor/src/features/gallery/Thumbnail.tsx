import { Film, MoreHorizontal, Music } from "lucide-react";
import { useRef } from "react";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { Button } from "../../ui/Button";
import { type Anchor, anchorOf } from "../../ui/Popover";
import { SmallPicture } from "../../ui/SmallPicture";
import { useEditor } from "../context";
import type { Result } from "./useResults";

interface Props {
  readonly result: Result;
  readonly chosen: boolean;
  readonly onOpen: () => void;
  readonly onChoose: () => void;
  readonly onMenu: (anchor: Anchor) => void;
}

export function Thumbnail({ result: { file, job }, chosen, onOpen, onChoose, onMenu }: Props) {
  const { api } = useEditor();
  const more = useRef<HTMLSpanElement>(null);
  const medium = mediumOf(file);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu is also behind the button
    <div
      className="gallery-item"
      data-chosen={chosen || undefined}
      onContextMenu={(e) => {
        e.preventDefault();
        onMenu({ x: e.clientX, y: e.clientY });
      }}
    >
      <button
        type="button"
        className="gallery-open"
        aria-label={t("Open {name}", { name: file.filename })}
        title={file.filename}
        onClick={(e) => (e.ctrlKey || e.metaKey ? onChoose() : onOpen())}
      >
        {medium === "image" && <SmallPicture src={api.viewUrl(file)} />}
        {medium === "video" && <Film size={24} strokeWidth={1.5} aria-hidden />}
        {medium === "audio" && <Music size={24} strokeWidth={1.5} aria-hidden />}
        {medium === "other" && <span>{file.filename}</span>}
      </button>
      {job.outputs > 1 && <span className="gallery-count">{job.outputs}</span>}
      <span ref={more} className="gallery-more">
        <Button
          label={t("More about {name}", { name: file.filename })}
          icon={<MoreHorizontal size={14} aria-hidden />}
          aria-haspopup="menu"
          onClick={() => more.current && onMenu(anchorOf(more.current))}
        />
      </span>
    </div>
  );
}
