/** What can be done with a picture on a node; seen with the pointer or the focus on it. */
import { Brush, Copy, Maximize2 } from "lucide-react";
import type { Compared } from "../api/messages";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { showToast } from "../ui/toasts";
import { mediumOf } from "./fileRef";
import { useServices } from "./services";
import type { Shown } from "./useShown";

interface Props {
  readonly id: NodeId;
  readonly shown: Shown;
  readonly compared: Compared | null;
}

export function PreviewBar({ id, shown, compared }: Props) {
  const { editMask, openImages } = useServices();
  const files = shown.items.flatMap(({ file }) => file ?? []);
  const [first] = files;
  if (!first) return null;
  const isPicture = mediumOf(first) === "image";
  const [a, b] = [compared?.a[0], compared?.b[0]];
  const open = () => (a && b ? openImages([a, b], 1, id, 0) : openImages(files, 0, id));
  return (
    <div className="preview-bar" data-interactive>
      <span>
        {shown.w} × {shown.h}
      </span>
      {isPicture && (
        <>
          <button
            type="button"
            aria-label={t("Edit mask")}
            title={t("Edit mask")}
            onClick={() => editMask(id, first)}
          >
            <Brush size={14} aria-hidden />
          </button>
          <button
            type="button"
            aria-label={t("Copy picture")}
            title={t("Copy picture")}
            onClick={() => void copyPicture(shown.items[0]?.url ?? "")}
          >
            <Copy size={14} aria-hidden />
          </button>
        </>
      )}
      <button type="button" aria-label={t("Full screen")} title={t("Full screen")} onClick={open}>
        <Maximize2 size={14} aria-hidden />
      </button>
    </div>
  );
}

/** The clipboard takes PNG only; the file is sent as it is where it is one, so that its workflow comes along. */
export async function copyPicture(url: string): Promise<void> {
  try {
    const blob = (await fetch(url)).blob().then((file) => (file.type === "image/png" ? file : asPng(file)));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    showToast({ kind: "info", title: t("Copied"), topic: "copy" });
  } catch (error) {
    showToast({ kind: "error", title: t("The picture was not copied"), body: (error as Error).message });
  }
}

async function asPng(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  picture.close();
  return canvas.convertToBlob({ type: "image/png" });
}
