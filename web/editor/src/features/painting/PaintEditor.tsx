/** A mask or a drawing, painted over its picture on the whole page. */
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { t } from "../../lib/t";
import { showToast } from "../../ui/toasts";
import type { PaintJob } from "./jobs";
import { handleKey } from "./keys";
import { PaintBar } from "./PaintBar";
import { PaintCanvas } from "./PaintCanvas";
import type { Settings } from "./tools";
import "./painting.css";

interface Props {
  readonly job: PaintJob;
  /** What the hand was set to, from one time to the next. */
  readonly settings: RefObject<Settings | null>;
  readonly onClose: () => void;
}

export function PaintEditor({ job, settings, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [canvas, setCanvas] = useState<PaintCanvas | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
    let made: PaintCanvas | null = null;
    let gone = false;
    job.load().then(
      (picture) => {
        if (gone || !host.current) return picture.bitmap.close();
        made = new PaintCanvas(host.current, picture, settings.current);
        // As soon as the picture is seen, the keys are those of its tools.
        flushSync(() => setCanvas(made));
        host.current.focus();
      },
      (error: Error) => {
        if (gone) return;
        showToast({ kind: "error", title: t("The picture cannot be painted on"), body: error.message });
        onClose();
      },
    );
    return () => {
      gone = true;
      settings.current = made?.settings ?? settings.current;
      made?.destroy();
    };
  }, [job, settings, onClose]);

  const save = async () => {
    if (!canvas || busy) return;
    setBusy(true);
    try {
      await job.save(canvas.sheet);
      onClose();
    } catch (error) {
      setBusy(false);
      showToast({ kind: "error", title: t("It was not saved"), body: (error as Error).message });
    }
  };
  const leave = () => (canvas?.canUndo && !leaving ? setLeaving(true) : onClose());

  return (
    <dialog
      ref={dialog}
      className="page-dialog paint-editor"
      aria-label={job.title}
      onCancel={(e) => {
        e.preventDefault();
        leave();
      }}
      onKeyDown={(e: KeyboardEvent) => canvas && handleKey(e, canvas, save)}
      onKeyUp={(e) => {
        if (canvas && e.code === "Space") canvas.spaceDown = false;
      }}
    >
      <PaintBar
        canvas={canvas}
        verb={job.verb}
        busy={busy}
        leaving={leaving}
        onSave={() => void save()}
        onLeave={leave}
        onStay={() => setLeaving(false)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys of the tools work from here */}
      <div ref={host} className="paint-host" tabIndex={0} role="application" aria-label={t("Picture")} />
    </dialog>
  );
}
