/** A film or a sound on the whole page. */
import { Music } from "lucide-react";
import { useEffect, useRef } from "react";
import type { FileRef } from "../../api/types";
import { mediumOf } from "../../nodes/fileRef";

interface Props {
  readonly url: string;
  readonly file: FileRef;
}

/** It plays at once, for that is what it was opened for, and has the focus, so that Space stops it. */
export function Player({ url, file }: Props) {
  const player = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  useEffect(() => {
    player.current?.focus();
    // A browser may want to be asked by a click first.
    player.current?.play().catch(() => {});
  }, []);
  const common = { ref: player, src: url, controls: true, "aria-label": file.filename };
  if (mediumOf(file) === "video") return <video {...common} className="lightbox-film" loop playsInline />;
  return (
    <div className="lightbox-sound">
      <Music size={48} strokeWidth={1} aria-hidden />
      <audio {...common} />
    </div>
  );
}
