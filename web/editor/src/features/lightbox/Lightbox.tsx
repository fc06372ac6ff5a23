import { ChevronLeft, ChevronRight, Download, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { FileRef } from "../../api/types";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

export interface Shown {
  readonly images: readonly FileRef[];
  readonly index: number;
}

/** One picture on the whole page; the arrow keys go to the next. */
export function Lightbox({ shown, onClose }: { readonly shown: Shown; readonly onClose: () => void }) {
  const { api } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const [index, setIndex] = useState(shown.index);
  const { images } = shown;
  const image = images[index];
  const many = images.length > 1;
  useEffect(() => dialog.current?.showModal(), []);
  const turn = (by: number) => setIndex((index + by + images.length) % images.length);
  if (!image) return null;
  const url = api.viewUrl(image);
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      aria-label={image.filename}
      onClose={onClose}
      onClick={(e) => e.target === e.currentTarget && onClose()}
      onKeyDown={(e) => {
        if (e.key === "ArrowLeft") turn(-1);
        if (e.key === "ArrowRight") turn(1);
      }}
    >
      <img src={url} alt={image.filename} />
      <div className="lightbox-bar">
        {many && (
          <Button label="Previous" icon={<ChevronLeft size={16} aria-hidden />} onClick={() => turn(-1)} />
        )}
        <span>
          {image.filename}
          {many && ` · ${index + 1} of ${images.length}`}
        </span>
        {many && (
          <Button label="Next" icon={<ChevronRight size={16} aria-hidden />} onClick={() => turn(1)} />
        )}
        <a
          className="button"
          data-icon
          href={url}
          download={image.filename}
          aria-label="Download"
          title="Download"
        >
          <Download size={16} aria-hidden />
        </a>
        <Button label="Close" icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
    </dialog>
  );
}
