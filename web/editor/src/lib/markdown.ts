/**
 * The Markdown that notes are written in, as a tree: headings, lists, tables, quotes, code, links and emphasis. HTML in it
 * is text like any other.
 */

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "strong" | "em" | "del"; readonly children: readonly Inline[] }
  | { readonly kind: "link"; readonly url: string; readonly children: readonly Inline[] }
  | { readonly kind: "image"; readonly url: string; readonly text: string }
  | { readonly kind: "break" };

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly children: readonly Inline[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "quote"; readonly blocks: readonly Block[] }
  | { readonly kind: "list"; readonly start: number | null; readonly items: readonly ListItem[] }
  | {
      readonly kind: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: "rule" };

export interface ListItem {
  /** Given for an item of a list of tasks. */
  readonly done: boolean | null;
  readonly blocks: readonly Block[];
}

const HEADING = /^ {0,3}(#{1,6})\s(.*)$/;
const FENCE = /^ {0,3}(```+|~~~+)/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])\s+(?:\[([ xX])\]\s+)?/;
/** Quotes and lists in one another go no deeper. */
const DEEPEST = 20;
const DIVIDER = /^[ |:-]*-[ |:-]*$/;

export function parseMarkdown(text: string): Block[] {
  return blocksOf(0, text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n"));
}

function blocksOf(depth: number, lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  if (depth > DEEPEST) return [{ kind: "paragraph", children: [{ kind: "text", text: lines.join("\n") }] }];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at]?.trim()) at++;
    else {
      const [block, next] = blockAt(depth, lines, at);
      blocks.push(block);
      at = next;
    }
  }
  return blocks;
}

/** The block that begins at a line, and the line after it. */
function blockAt(depth: number, lines: readonly string[], at: number): [Block, number] {
  const line = lines[at] ?? "";
  const [, marks, title = ""] = HEADING.exec(line) ?? [];
  if (marks)
    return [
      { kind: "heading", level: marks.length, children: parseInline(title.trim().replace(/ #+$/, "")) },
      at + 1,
    ];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  const [, fence] = FENCE.exec(line) ?? [];
  if (fence) return codeAt(lines, at, fence);
  if (QUOTE.test(line)) {
    const end = endOf(lines, at, (one) => QUOTE.test(one));
    const inner = lines.slice(at, end).map((one) => one.replace(QUOTE, ""));
    return [{ kind: "quote", blocks: blocksOf(depth + 1, inner) }, end];
  }
  if (ITEM.test(line)) return listAt(depth, lines, at);
  if (line.includes("|") && DIVIDER.test(lines[at + 1] ?? "")) return tableAt(lines, at);
  const end = endOf(lines, at + 1, (one) => !!one.trim() && !startsBlock(one));
  return [{ kind: "paragraph", children: parseInline(lines.slice(at, end).join("\n").trim()) }, end];
}

function startsBlock(line: string): boolean {
  return [HEADING, FENCE, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));
}

function endOf(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  const length = lines.slice(from).findIndex((line) => !belongs(line));
  return length < 0 ? lines.length : from + length;
}

function codeAt(lines: readonly string[], at: number, fence: string): [Block, number] {
  const end = endOf(lines, at + 1, (line) => !line.trim().startsWith(fence));
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

/** Items that are as deep as the first one. What is deeper belongs to the item above it. */
function listAt(depth: number, lines: readonly string[], at: number): [Block, number] {
  const [, indent = "", mark = ""] = ITEM.exec(lines[at] ?? "") ?? [];
  const ordered = /\d/.test(mark);
  const isItem = (line: string) => {
    const [, place, other = ""] = ITEM.exec(line) ?? [];
    return place?.length === indent.length && /\d/.test(other) === ordered;
  };
  const isInside = (line: string) => !line.trim() || line.search(/\S/) > indent.length;
  const items: ListItem[] = [];
  let next = at;
  while (next < lines.length && isItem(lines[next] ?? "")) {
    const end = endOf(lines, next + 1, isInside);
    items.push(itemOf(depth, lines.slice(next, end)));
    next = end;
  }
  return [{ kind: "list", start: ordered ? Number.parseInt(mark, 10) : null, items }, next];
}

function itemOf(depth: number, [first = "", ...others]: readonly string[]): ListItem {
  const [all = "", , , task] = ITEM.exec(first) ?? [];
  const indents = others.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const indent = indents.reduce((a, b) => Math.min(a, b), all.length);
  return {
    done: task === undefined ? null : task !== " ",
    blocks: blocksOf(depth + 1, [first.slice(all.length), ...others.map((line) => line.slice(indent))]),
  };
}

function tableAt(lines: readonly string[], at: number): [Block, number] {
  const end = endOf(lines, at + 2, (line) => line.includes("|"));
  const [head = [], , ...rows] = lines.slice(at, end).map(cellsOf);
  return [{ kind: "table", head, rows }, end];
}

function cellsOf(line: string): Inline[][] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => parseInline(cell.trim().replaceAll("\\|", "|")));
}

/** What may stand in a line, the first that fits; all else is text. Bounded, so that hostile lines cost no time. */
const INLINE: readonly (readonly [RegExp, (found: RegExpExecArray) => Inline])[] = [
  [/\\([!-/:-@[-`{-~])/y, ([, text = ""]) => ({ kind: "text", text })],
  [
    /(`{1,9})([^`]|[^`][\s\S]{0,2000}?[^`])\1(?!`)/y,
    ([, , text = ""]) => ({ kind: "code", text: text.trim() }),
  ],
  [
    /!\[([^\]]{0,500})\]\(<?([^\s<>()]{0,2000})>?(?: [^)]{0,500})?\)/y,
    ([, text = "", url = ""]) => ({ kind: "image", url, text }),
  ],
  [
    /\[((?:[^[\]]|\[[^[\]]{0,200}\]){1,500})\]\(<?([^\s<>()]{0,2000})>?(?: [^)]{0,500})?\)/y,
    ([, text = "", url = ""]) => ({ kind: "link", url, children: parseInline(text) }),
  ],
  [/<?(https?:\/\/[^\s<>)\]]{0,2000}[^\s<>)\].,;:!?'"])>?/y, ([, url = ""]) => linkTo(url)],
  [
    /(\*\*|__)(?=\S)([\s\S]{0,2000}?\S)\1/y,
    ([, , text = ""]) => ({ kind: "strong", children: parseInline(text) }),
  ],
  [/\*(?=\S)([^*]{0,2000}[^\s*])\*/y, ([, text = ""]) => ({ kind: "em", children: parseInline(text) })],
  [
    /(?<!\w)_(?=\S)([^_]{0,2000}[^\s_])_(?!\w)/y,
    ([, text = ""]) => ({ kind: "em", children: parseInline(text) }),
  ],
  [/~~(?=\S)([\s\S]{0,2000}?\S)~~/y, ([, text = ""]) => ({ kind: "del", children: parseInline(text) })],
  [/ {0,9}\n/y, () => ({ kind: "break" })],
];

function linkTo(url: string): Inline {
  return { kind: "link", url, children: [{ kind: "text", text: url }] };
}

/** A line break stays one, as in the notes of ComfyUI. */
export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let plain = "";
  const flush = () => {
    if (plain) parts.push({ kind: "text", text: plain });
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const [made, end] = inlineAt(text, at) ?? [];
    if (made) {
      flush();
      parts.push(made);
    } else plain += text[at];
    at = end ?? at + 1;
  }
  flush();
  return parts;
}

function inlineAt(text: string, at: number): [Inline, number] | null {
  if (!/[\\`![<h*_~ \n]/.test(text[at] ?? "")) return null;
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [make(found), at + found[0].length];
  }
  return null;
}
