/** Opens the mask editor when somebody asks for it; its code is not fetched before. */
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { applyMask, type MaskTarget } from "../../actions/mask";
import type { FileRef } from "../../api/types";
import { useEditor } from "../context";

const MaskEditor = lazy(async () => ({ default: (await import("./MaskEditor")).MaskEditor }));

export function MaskHost() {
  const editor = useEditor();
  const [target, setTarget] = useState<MaskTarget | null>(null);
  useEffect(() => editor.maskAsked.on(setTarget), [editor]);
  const close = useCallback(() => setTarget(null), []);
  if (!target) return null;
  const saved = (file: FileRef) => {
    close();
    applyMask(editor, target, file);
  };
  return (
    <Suspense>
      <MaskEditor file={target.file} onSaved={saved} onClose={close} />
    </Suspense>
  );
}
