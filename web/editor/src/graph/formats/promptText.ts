/** How text changes on its way into a prompt: choices are drawn, comments cut, names of files filled in. */
import type { GraphDocument } from "../document";

/** `{a|b}` draws one, nested; comments are cut; `\{`, `\}` and `\|` are plain characters. */
export function drawPrompt(text: string, random: () => number): string {
  const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  return new Drawer(plain, random).read("");
}

class Drawer {
  private at = 0;
  constructor(
    private readonly text: string,
    private readonly random: () => number,
  ) {}

  /** Reads until one of the `stops`, which is left standing. */
  read(stops: string): string {
    let out = "";
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at] as string;
      const next = this.text[this.at + 1];
      if (c === "\\" && next !== undefined && "{}|".includes(next)) {
        out += next;
        this.at++;
      } else if (c === "{") out += this.choice();
      else if (stops.includes(c)) break;
      else out += c;
    }
    return out;
  }

  private choice(): string {
    const options: string[] = [];
    do {
      this.at++;
      options.push(this.read("|}"));
    } while (this.text[this.at] === "|");
    return options[Math.floor(this.random() * options.length)] ?? "";
  }
}

const FORBIDDEN = /[/?<>\\:*|"\p{Cc}]/gu;

/** `%date:yyyy-MM-dd%` and `%Node.widget%` in the file name of a save node. */
export function fillFilename(text: string, doc: GraphDocument, now: Date): string {
  return text.replace(/%([^%]+)%/g, (token, body: string) => {
    if (body.startsWith("date:")) return formatDate(body.slice("date:".length), now);
    const dot = body.lastIndexOf(".");
    if (dot < 0) return token;
    const value = findValue(doc, body.slice(0, dot), body.slice(dot + 1));
    return value === undefined ? token : String(value).replace(FORBIDDEN, "_");
  });
}

function findValue(doc: GraphDocument, name: string, widget: string): unknown {
  const nodes = [...doc.allNodes()];
  const property = (node: (typeof nodes)[number]) =>
    (node.raw.properties as Record<string, unknown> | undefined)?.["Node name for S&R"];
  const found =
    nodes.find((node) => property(node) === name) ?? nodes.find((node) => doc.shape(node.id)?.title === name);
  return found?.values[widget];
}

function formatDate(format: string, now: Date): string {
  const parts: Record<string, number> = {
    y: now.getFullYear(),
    M: now.getMonth() + 1,
    d: now.getDate(),
    h: now.getHours(),
    m: now.getMinutes(),
    s: now.getSeconds(),
  };
  return format.replace(/yyyy|yy|MM?|dd?|hh?|mm?|ss?/g, (token) => {
    const value = String(parts[token[0] as string]);
    return token === "yy" ? value.slice(-2) : value.padStart(token.length, "0");
  });
}
