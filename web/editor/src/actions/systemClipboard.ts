/**
 * The text on the system's clipboard. Over plain HTTP a page may not read it, and people may say no: then there is at least
 * what was copied in this window.
 */
let copiedHere = "";

/** For what reaches the clipboard by itself, with an event. */
export function rememberCopied(text: string): string {
  copiedHere = text;
  return text;
}

export async function writeClipboard(text: string): Promise<void> {
  rememberCopied(text);
  await navigator.clipboard?.writeText(text).catch(() => {});
}

export async function readClipboard(): Promise<string> {
  return (await navigator.clipboard?.readText?.().catch(() => undefined)) ?? copiedHere;
}
