/** What can be done with the file that is looked at. */
import type { Editor } from "../../actions/editor";
import { openFile } from "../../actions/openFile";
import type { FileRef } from "../../api/types";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { copyPicture } from "../../nodes/PreviewBar";
import { showToast } from "../../ui/toasts";

export interface Ways {
  readonly url: string;
  readonly filename: string;
  /** Null: not a picture. */
  readonly copy: (() => void) | null;
  readonly download: () => void;
  readonly openWorkflow: () => void;
}

export function waysOf(editor: Editor, file: FileRef, close: () => void): Ways {
  const url = editor.api.viewUrl(file);
  const { filename } = file;
  return {
    url,
    filename,
    copy: mediumOf(file) === "image" ? () => void copyPicture(url) : null,
    download() {
      const link = Object.assign(document.createElement("a"), { href: url, download: filename });
      link.click();
    },
    openWorkflow() {
      close();
      fetchFile(url, filename).then(
        (content) => openFile(editor, content),
        (error: Error) =>
          showToast({
            kind: "error",
            title: t("{name} cannot be opened", { name: filename }),
            body: error.message,
          }),
      );
    },
  };
}

/** Raises what the server says when it has no such file. */
export async function fetchFile(url: string, name: string): Promise<File> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(t("The server answered {status} when asked for the file", { status: response.status }));
  const content = await response.blob();
  return new File([content], name, { type: content.type });
}
