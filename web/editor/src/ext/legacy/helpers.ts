/** The small functions of `/scripts/utils.js` and `/scripts/pnginfo.js` that packs import. */
import { readPngText } from "../../graph/formats/png";
import type { LegacyApp } from "./app";

export const texts = {
  plainName: (name: string) => name.replace(/[<>&"'`=]/g, ""),
  clone: (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown,
  prop(target: object, name: string, value: unknown, changed?: (next: unknown, before: unknown) => void) {
    let current = value;
    Object.defineProperty(target, name, {
      get: () => current,
      set(next) {
        const before = current;
        current = next;
        changed?.(next, before);
      },
    });
    return value;
  },
  /** `%Node.widget%` and `%date:…%` are filled in when a prompt is made; here the text stays as it is. */
  applyTextReplacements: (_app: unknown, text: string) => text,
  addStylesheet(address: string, base?: string): Promise<void> {
    const url = base ? new URL(address, base).href : address.replace(/\.js$/, ".css");
    return new Promise((resolve, reject) => {
      const link = document.createElement("link");
      Object.assign(link, {
        rel: "stylesheet",
        type: "text/css",
        href: url,
        onload: () => resolve(),
        onerror: reject,
      });
      document.head.append(link);
    });
  },
  downloadBlob(name: string, blob: Blob): void {
    const url = URL.createObjectURL(blob);
    const link = document.createElement("a");
    Object.assign(link, { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  },
  uploadFile(accept: string): Promise<File> {
    return new Promise((resolve) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "file", accept });
      input.onchange = () => input.files?.[0] && resolve(input.files[0]);
      input.click();
    });
  },
  getStorageValue: (id: string) => localStorage.getItem(id),
  setStorageValue: (id: string, value: string) => localStorage.setItem(id, value),
};

export const media = {
  async getPngMetadata(file: Blob): Promise<Record<string, string>> {
    return Object.fromEntries(await readPngText(await file.arrayBuffer()));
  },
  getFlacMetadata: async () => ({}),
  getWebpMetadata: async () => ({}),
  getLatentMetadata: async () => ({}),
  importA1111: (app: LegacyApp, text: string) => app.handleFile(new File([text], "parameters.txt")),
};

export const defaultGraph = { nodes: [], links: [], groups: [], config: {}, extra: {}, version: 0.4 };
