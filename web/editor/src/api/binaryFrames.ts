/** Binary WebSocket frames: a big-endian number says what follows. */
import { isObject, parseJson } from "../lib/json";
import type { ServerMessage } from "./messages";
import { text } from "./readers";

const PREVIEW = 1;
const TEXT = 3;
const PREVIEW_WITH_METADATA = 4;
const PNG = 2;

/** Null for kinds we do not know and for frames cut short. */
export function readBinaryFrame(frame: ArrayBuffer): ServerMessage | null {
  if (frame.byteLength < 8) return null;
  const view = new DataView(frame);
  const kind = view.getUint32(0);
  const second = view.getUint32(4);
  const utf8 = new TextDecoder();
  if (kind === PREVIEW) {
    const type = second === PNG ? "image/png" : "image/jpeg";
    return { type: "preview", promptId: null, node: null, image: new Blob([frame.slice(8)], { type }) };
  }
  if (8 + second > frame.byteLength) return null;
  const head = utf8.decode(new Uint8Array(frame, 8, second));
  const body = frame.slice(8 + second);
  if (kind === TEXT) return { type: "text", node: head, text: utf8.decode(body) };
  if (kind !== PREVIEW_WITH_METADATA) return null;
  const meta = parseJson(head);
  if (!isObject(meta)) return null;
  return {
    type: "preview",
    promptId: text(meta.prompt_id) || null,
    node: text(meta.display_node_id) || text(meta.node_id) || null,
    image: new Blob([body], { type: text(meta.image_type) || "image/jpeg" }),
  };
}
