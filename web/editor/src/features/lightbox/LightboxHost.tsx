/** Opens the lightbox when somebody wants to look at something; its code is not fetched before. */
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import type { Look } from "../../actions/look";
import { useEditor } from "../context";

const Lightbox = lazy(async () => ({ default: (await import("./Lightbox")).Lightbox }));

export function LightboxHost() {
  const { lookAsked } = useEditor();
  const [look, setLook] = useState<Look | null>(null);
  const [info, setInfo] = useState(false);
  useEffect(() => lookAsked.on(setLook), [lookAsked]);
  const close = useCallback(() => setLook(null), []);
  if (!look) return null;
  return (
    <Suspense>
      <Lightbox look={look} info={info} onInfo={setInfo} onClose={close} />
    </Suspense>
  );
}
