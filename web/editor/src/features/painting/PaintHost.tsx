/** Opens the paint editor when somebody asks for it; its code is not fetched before. */
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useEditor } from "../context";
import { drawingJob, maskJob, type PaintJob } from "./jobs";
import type { Settings } from "./tools";

const PaintEditor = lazy(async () => ({ default: (await import("./PaintEditor")).PaintEditor }));

export function PaintHost() {
  const editor = useEditor();
  const [job, setJob] = useState<PaintJob | null>(null);
  const settings = useRef<Settings | null>(null);
  useEffect(() => editor.maskAsked.on((target) => setJob(maskJob(editor, target))), [editor]);
  useEffect(() => editor.drawingAsked.on((target) => setJob(drawingJob(editor, target))), [editor]);
  const close = useCallback(() => setJob(null), []);
  if (!job) return null;
  return (
    <Suspense>
      <PaintEditor job={job} settings={settings} onClose={close} />
    </Suspense>
  );
}
