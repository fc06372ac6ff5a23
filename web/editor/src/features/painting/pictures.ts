/** The picture that is painted on, as pixels, and what was painted as the file that the server takes. */
import type { Api } from "../../api/http";
import type { FileRef, UploadPlace } from "../../api/types";
import type { Size } from "../../canvas/camera";
import { t } from "../../lib/t";
import { emptySheet, type Sheet } from "./sheet";

export interface Picture {
  /** Without its transparency. */
  readonly bitmap: ImageBitmap;
  /** What was painted before. */
  readonly sheet: Sheet;
}

export interface DrawingPlace {
  /** Null: a paper of one colour. */
  readonly picture: FileRef | null;
  readonly paper: string;
  readonly size: Size;
  /** What was drawn before. */
  readonly drawing: FileRef | null;
}

/** A picture with the mask that its transparency is. Raises what the server or the browser says when it is no picture. */
export async function loadMasked(api: Api, file: FileRef): Promise<Picture> {
  const url = api.viewUrl(file);
  if (isPhotograph(file)) {
    const bitmap = await decode(url);
    return { bitmap, sheet: emptySheet(bitmap.width, bitmap.height, 1) };
  }
  const [bitmap, alpha] = await Promise.all([decode(opaque(api, file)), decode(`${url}&channel=a`)]);
  const sheet = emptySheet(bitmap.width, bitmap.height, 1);
  const pixels = pixelsOf(alpha);
  for (let i = 0; i < sheet.data.length; i++) sheet.data[i] = 255 - (pixels[4 * i + 3] as number);
  alpha.close();
  return { bitmap, sheet };
}

/** What is drawn on, in its size, and the drawing in the same. */
export async function loadDrawing(
  api: Api,
  { picture, paper, size, drawing }: DrawingPlace,
): Promise<Picture> {
  const [bitmap, before] = await Promise.all([
    picture ? decode(opaque(api, picture)) : paperOf(size, paper),
    // One that is gone is drawn anew.
    drawing && decode(api.viewUrl(drawing)).catch(() => null),
  ]);
  const { width: w, height: h } = bitmap;
  const sheet = emptySheet(w, h, 4);
  if (before) {
    const context = canvasOf({ w, h });
    context.drawImage(before, 0, 0, w, h);
    sheet.data.set(context.getImageData(0, 0, w, h).data);
    before.close();
  }
  return { bitmap, sheet };
}

/** A JPEG has no transparency, and browser and loader alike turn it as its camera was held. */
function isPhotograph({ filename }: FileRef): boolean {
  return /\.jpe?g$/i.test(filename);
}

function opaque(api: Api, file: FileRef): string {
  return isPhotograph(file) ? api.viewUrl(file) : `${api.viewUrl(file)}&channel=rgb`;
}

function paperOf(size: Size, color: string): ImageBitmap {
  const context = canvasOf(size);
  context.fillStyle = color;
  context.fillRect(0, 0, size.w, size.h);
  return context.canvas.transferToImageBitmap();
}

async function decode(url: string): Promise<ImageBitmap> {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok)
    throw new Error(
      t("The server answered {status} when asked for the picture", { status: response.status }),
    );
  return createImageBitmap(await response.blob());
}

/** Four bytes for each pixel of what lies over each other, the lowest first, all of one size. */
export function pixelsOf(...layers: readonly (ImageBitmap | HTMLCanvasElement)[]): Uint8ClampedArray {
  const { width: w = 1, height: h = 1 } = layers[0] ?? {};
  const context = canvasOf({ w, h });
  for (const layer of layers) context.drawImage(layer, 0, 0);
  return context.getImageData(0, 0, w, h).data;
}

/** Where it is masked, the picture is transparent. Only the transparency counts, so that is all that is sent. */
export async function saveMask(api: Api, file: FileRef, { w, h, data }: Sheet): Promise<FileRef> {
  const image = new ImageData(w, h);
  for (let i = 0; i < data.length; i++) image.data[4 * i + 3] = 255 - (data[i] as number);
  const place = { subfolder: "clipspace", type: "input" };
  return api.uploadMask(await pngOf(image, "clipspace-mask"), place, file);
}

export async function saveDrawing(api: Api, { w, h, data }: Sheet): Promise<FileRef> {
  const place: UploadPlace = { subfolder: "painter", type: "input" };
  return api.uploadImage(await pngOf(new ImageData(data.slice(), w, h), "painter"), place);
}

async function pngOf(image: ImageData, name: string): Promise<File> {
  const context = canvasOf({ w: image.width, h: image.height });
  context.putImageData(image, 0, 0);
  const type = "image/png";
  return new File([await context.canvas.convertToBlob({ type })], `${name}-${Date.now()}.png`, { type });
}

function canvasOf({ w, h }: Size): OffscreenCanvasRenderingContext2D {
  return new OffscreenCanvas(w, h).getContext("2d") as OffscreenCanvasRenderingContext2D;
}
