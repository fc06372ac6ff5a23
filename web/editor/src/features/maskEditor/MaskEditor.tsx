/** The mask of a picture, painted over it on the whole page. Saving gives the picture with the mask as its transparency. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { FileRef } from "../../api/types";
import { showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { MaskBar } from "./MaskBar";
import { MaskCanvas } from "./MaskCanvas";
import { loadPicture, saveMask } from "./pictures";
import { LARGEST_BRUSH, TOOLS } from "./tools";
import "./maskEditor.css";

interface Props {
  readonly file: FileRef;
  readonly onSaved: (file: FileRef) => void;
  readonly onClose: () => void;
}

export function MaskEditor({ file, onSaved, onClose }: Props) {
  const { api } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [canvas, setCanvas] = useState<MaskCanvas | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
    let made: MaskCanvas | null = null;
    let gone = false;
    loadPicture(api, file).then(
      (picture) => {
        if (gone || !host.current) return picture.bitmap.close();
        made = new MaskCanvas(host.current, picture);
        setCanvas(made);
        host.current.focus();
      },
      (error: Error) => {
        if (gone) return;
        showToast({ kind: "error", title: `${file.filename} cannot be masked`, body: error.message });
        onClose();
      },
    );
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [api, file, onClose]);

  const save = async () => {
    if (!canvas || busy) return;
    setBusy(true);
    try {
      onSaved(await saveMask(api, file, canvas.mask));
    } catch (error) {
      setBusy(false);
      showToast({ kind: "error", title: "The mask was not saved", body: (error as Error).message });
    }
  };
  const leave = () => (canvas?.canUndo && !leaving ? setLeaving(true) : onClose());

  return (
    <dialog
      ref={dialog}
      className="mask-editor"
      aria-label={`Mask of ${file.filename}`}
      onCancel={(e) => {
        e.preventDefault();
        leave();
      }}
      onKeyDown={(e) => canvas && press(e, canvas, save)}
      onKeyUp={(e) => {
        if (canvas && e.code === "Space") canvas.spaceDown = false;
      }}
    >
      <MaskBar
        canvas={canvas}
        busy={busy}
        leaving={leaving}
        onSave={() => void save()}
        onLeave={leave}
        onStay={() => setLeaving(false)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys of the tools work from here */}
      <div ref={host} className="mask-host" tabIndex={0} role="application" aria-label="Picture and mask" />
    </dialog>
  );
}

/** The keys of the mask editor. The sliders of its bar use arrows only. */
function press(e: KeyboardEvent, canvas: MaskCanvas, save: () => void): void {
  const { settings } = canvas;
  const combination = e.ctrlKey || e.metaKey;
  const key = e.key.toLowerCase();
  const tool = TOOLS.find((one) => one.key.toLowerCase() === key)?.name;
  if (combination && key === "z") e.shiftKey ? canvas.redo() : canvas.undo();
  else if (combination && key === "y") canvas.redo();
  else if (combination && (key === "s" || key === "enter")) save();
  else if (combination && key === "i") canvas.invert();
  else if (combination) return;
  else if (key === "[" || key === "]") canvas.set({ size: resized(settings.size, key === "]" ? 1 : -1) });
  else if (key === "delete") canvas.clear();
  else if (key === "0") canvas.view.fit();
  else if (key === "+" || key === "=") canvas.view.zoomBy(1.25);
  else if (key === "-") canvas.view.zoomBy(0.8);
  else if (e.code === "Space" && !(e.target instanceof HTMLButtonElement)) canvas.spaceDown = true;
  else if (tool) canvas.set({ tool });
  else return;
  e.preventDefault();
  e.stopPropagation();
}

function resized(size: number, direction: number): number {
  const step = Math.max(1, Math.round(size * 0.15));
  return Math.min(LARGEST_BRUSH, Math.max(1, size + direction * step));
}
