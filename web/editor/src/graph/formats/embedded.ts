/**
 * Finds the graph that a file carries, whatever the file is: a picture, a sound, a film, an SVG, a latent, weights.
 *
 * Nearly all of them hold it as the JSON text that it is, between bytes of their own, so one search reads WebP, JPEG and
 * AVIF (Exif), FLAC, MP3, MP4, WebM, SVG and safetensors alike. Only PNG may pack it, and Ogg cuts it into pages.
 */
import { isArray, isObject, type Json, type JsonObject, parseJson } from "../../lib/json";
import { readPngText } from "./png";
import { isApiPrompt } from "./readPrompt";

export interface Embedded {
  /** A workflow where there is one, else a prompt; null when there is neither. */
  readonly graph: Json | null;
  /** The prompt, also where there is a workflow. */
  readonly prompt: Json | null;
  /** What AUTOMATIC1111's web UI writes about a picture. */
  readonly infotext: string | null;
}

const OPEN = 0x7b;
const QUOTE = 0x22;
/** Bytes that are looked at within objects before a search is given up: a hostile file may open ever more of them. */
const MOST_STEPS = 50_000_000;

export async function readEmbedded(file: ArrayBuffer): Promise<Embedded> {
  const texts = await readPngText(file);
  const infotext = texts.get("parameters") ?? null;
  const named = [texts.get("workflow"), texts.get("prompt")].flatMap((text) => text ?? []);
  const bytes = new Uint8Array(file);
  const found = named.length ? named.flatMap(parsed) : search(texts.size ? bytes : withoutPages(bytes));
  const graphs = found.flatMap(unwrapped);
  const prompt = graphs.find(isApiPrompt) ?? null;
  return { graph: graphs.find(isWorkflow) ?? prompt, prompt, infotext };
}

export function isWorkflow(value: Json): boolean {
  return isObject(value) && isArray(value.nodes) && (isArray(value.links) || isObject(value.links));
}

/** Every JSON object that lies in the bytes, not those inside of others. */
function search(bytes: Uint8Array): Json[] {
  const found: Json[] = [];
  let steps = 0;
  for (let at = bytes.indexOf(OPEN); at >= 0 && steps < MOST_STEPS; ) {
    const { end, closed } = objectEnd(bytes, at);
    steps += end - at;
    const object = closed ? parsed(new TextDecoder().decode(bytes.subarray(at, end))) : [];
    found.push(...object);
    at = bytes.indexOf(OPEN, object.length ? end : at + 1);
  }
  return found;
}

/** Behind the brace that closes the object which begins here, or where it turns out to be none. */
function objectEnd(bytes: Uint8Array, start: number): { readonly end: number; readonly closed: boolean } {
  let first = start + 1;
  while (isSpace(bytes[first])) first++;
  if (bytes[first] !== QUOTE) return { end: first, closed: false };
  let depth = 0;
  let inText = false;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 && !isSpace(byte)) return { end: i, closed: false };
    if (inText) {
      if (byte === 0x5c) i++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN) depth++;
    else if (byte === 0x7d && --depth === 0) return { end: i + 1, closed: true };
  }
  return { end: bytes.length, closed: false };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parsed(text: string): Json[] {
  try {
    return [parseJson(text)];
  } catch {
    return [];
  }
}

/** The header of safetensors, and what some formats write around it, hold the graphs as members, as text or not. */
function unwrapped(value: Json): Json[] {
  if (!isObject(value) || isWorkflow(value) || isApiPrompt(value)) return [value];
  const inner: JsonObject = isObject(value.__metadata__) ? value.__metadata__ : value;
  return [inner.workflow, inner.prompt].flatMap((part) => {
    if (typeof part === "string") return parsed(part);
    return part === undefined ? [] : [part];
  });
}

const OGG = [0x4f, 0x67, 0x67, 0x53];
const PAGE_HEAD = 27;

/** The packets of an Ogg file in a row; any other file as it is. */
function withoutPages(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; OGG.every((byte, i) => bytes[at + i] === byte); ) {
    const lacing = bytes.subarray(at + PAGE_HEAD, at + PAGE_HEAD + (bytes[at + 26] ?? 0));
    const begin = at + PAGE_HEAD + lacing.length;
    at = begin + lacing.reduce((sum, length) => sum + length, 0);
    parts.push(bytes.subarray(begin, at));
  }
  if (!parts.length) return bytes;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
