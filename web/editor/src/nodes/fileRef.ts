/** Files as widgets name them: `folder/name.png`, with ` [output]` behind it when it is not an input. */
import type { FileRef } from "../api/types";

export type Medium = "image" | "video" | "audio" | "other";

const MEDIA: readonly (readonly [Medium, RegExp])[] = [
  ["image", /\.(png|jpe?g|webp|gif|apng|avif|bmp|ico|svg|tiff?)$/i],
  ["video", /\.(mp4|webm|mkv|mov|m4v|ogv|avi)$/i],
  ["audio", /\.(mp3|wav|flac|ogg|opus|m4a|aac|oga|weba)$/i],
];

export function fileRefOf(value: string): FileRef {
  const [, path = value, type = "input"] = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(value) ?? [];
  const slash = path.lastIndexOf("/");
  return { filename: path.slice(slash + 1), subfolder: slash < 0 ? "" : path.slice(0, slash), type };
}

export function pathOf({ filename, subfolder, type }: FileRef): string {
  const path = subfolder ? `${subfolder}/${filename}` : filename;
  return type === "input" ? path : `${path} [${type}]`;
}

export function mediumOf({ filename }: FileRef): Medium {
  return MEDIA.find(([, pattern]) => pattern.test(filename))?.[0] ?? "other";
}
