/** A video or a sound. While it plays, its node stays in the page, wherever the view goes. */
import type { SyntheticEvent } from "react";

interface Props {
  readonly url: string;
  readonly name: string;
  readonly medium: "video" | "audio";
}

export function Player({ url, name, medium }: Props) {
  const mark = (e: SyntheticEvent<HTMLMediaElement>) =>
    e.currentTarget.toggleAttribute("data-playing", !e.currentTarget.paused);
  const common = {
    src: url,
    controls: true,
    preload: "metadata",
    "aria-label": name,
    "data-interactive": true,
    onPlay: mark,
    onPause: mark,
    onEnded: mark,
  };
  return medium === "video" ? <video {...common} loop playsInline /> : <audio {...common} title={name} />;
}
