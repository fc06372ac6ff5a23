/** The picture a mask belongs to, as pixels, and the mask as the picture that the server takes. */
import type { Api } from "../../api/http";
import type { FileRef } from "../../api/types";
import { emptyMask, type Mask } from "./mask";

export interface Picture {
  readonly w: number;
  readonly h: number;
  /** Without its transparency. */
  readonly bitmap: ImageBitmap;
  /** The mask that its transparency is. */
  readonly mask: Mask;
}

/** Raises what the server or the browser says when it is no picture. */
export async function loadPicture(api: Api, file: FileRef): Promise<Picture> {
  const url = api.viewUrl(file);
  // A JPEG has no transparency, and browser and loader alike turn it as its camera was held.
  if (/\.jpe?g$/i.test(file.filename)) {
    const bitmap = await decode(url);
    return { w: bitmap.width, h: bitmap.height, bitmap, mask: emptyMask(bitmap.width, bitmap.height) };
  }
  const [bitmap, alpha] = await Promise.all([decode(`${url}&channel=rgb`), decode(`${url}&channel=a`)]);
  const { width: w, height: h } = bitmap;
  const mask = emptyMask(w, h);
  const pixels = pixelsOf(alpha);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = 255 - (pixels[4 * i + 3] as number);
  alpha.close();
  return { w, h, bitmap, mask };
}

async function decode(url: string): Promise<ImageBitmap> {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`The server answered ${response.status} when asked for the picture`);
  return createImageBitmap(await response.blob());
}

/** Four bytes for each pixel. */
export function pixelsOf(bitmap: ImageBitmap): Uint8ClampedArray {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}

/** Where it is masked, the picture is transparent. Only the transparency counts, so that is all that is sent. */
export async function saveMask(api: Api, file: FileRef, { w, h, data }: Mask): Promise<FileRef> {
  const image = new ImageData(w, h);
  for (let i = 0; i < data.length; i++) image.data[4 * i + 3] = 255 - (data[i] as number);
  const canvas = new OffscreenCanvas(w, h);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const name = `clipspace-mask-${Date.now()}.png`;
  const place = { subfolder: "clipspace", type: "input" };
  return api.uploadMask(new File([blob], name, { type: "image/png" }), place, file);
}
