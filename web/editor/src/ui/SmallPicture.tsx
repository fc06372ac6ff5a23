/** A picture in a list, loaded when it comes into view. What is not there any more is a sign, not a broken picture. */
import { ImageOff } from "lucide-react";
import { useState } from "react";

export function SmallPicture({ src }: { readonly src: string }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (failed === src) return <ImageOff className="picture-gone" size={20} strokeWidth={1.5} aria-hidden />;
  return <img src={src} alt="" loading="lazy" draggable={false} onError={() => setFailed(src)} />;
}
