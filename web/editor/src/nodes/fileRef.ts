/** Files as widgets name them: `folder/name.png`, with ` [output]` behind it when it is not an input. */
import type { FileRef } from "../api/types";

export function fileRefOf(value: string): FileRef {
  const [, path = value, type = "input"] = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(value) ?? [];
  const slash = path.lastIndexOf("/");
  return { filename: path.slice(slash + 1), subfolder: slash < 0 ? "" : path.slice(0, slash), type };
}

export function pathOf({ filename, subfolder, type }: FileRef): string {
  const path = subfolder ? `${subfolder}/${filename}` : filename;
  return type === "input" ? path : `${path} [${type}]`;
}
