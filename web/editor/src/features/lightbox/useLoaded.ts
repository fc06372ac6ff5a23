/** A picture once it is there, and the one before until then: turning pages does not flicker. */
import { useEffect, useState } from "react";

export interface Loaded {
  readonly url: string;
  readonly w: number;
  readonly h: number;
}

export function useLoaded(url: string): { readonly picture: Loaded | null; readonly failed: boolean } {
  const [picture, setPicture] = useState<Loaded | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    const image = new Image();
    image.onload = () =>
      current && setPicture({ url, w: image.naturalWidth || 1, h: image.naturalHeight || 1 });
    image.onerror = () => current && setFailed(url);
    image.src = url;
    return () => {
      current = false;
    };
  }, [url]);
  return { picture, failed: failed === url };
}
