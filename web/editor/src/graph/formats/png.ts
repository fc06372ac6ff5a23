/** Reads the text that PNG files carry: the workflow and the prompt they were made with. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Keyword to text, from tEXt, iTXt and zTXt chunks; an empty map for what is not a PNG. */
export async function readPngText(file: ArrayBuffer): Promise<Map<string, string>> {
  const bytes = new Uint8Array(file);
  const result = new Map<string, string>();
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) return result;
  const view = new DataView(file);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length || type === "IEND") break;
    const entry = await readChunk(type, data);
    if (entry) result.set(...entry);
    at += 12 + length;
  }
  return result;
}

async function readChunk(type: string, data: Uint8Array<ArrayBuffer>): Promise<[string, string] | null> {
  if (type !== "tEXt" && type !== "iTXt" && type !== "zTXt") return null;
  const end = data.indexOf(0);
  if (end < 0) return null;
  const keyword = latin1(data.subarray(0, end));
  if (type === "tEXt") return [keyword, latin1(data.subarray(end + 1))];
  if (type === "zTXt") return [keyword, latin1(await inflate(data.subarray(end + 2)))];
  const compressed = data[end + 1] === 1;
  const language = data.indexOf(0, end + 3);
  const translated = data.indexOf(0, language + 1);
  if (language < 0 || translated < 0) return null;
  const body = data.subarray(translated + 1);
  return [keyword, new TextDecoder().decode(compressed ? await inflate(body) : body)];
}

async function inflate(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return text;
}
