import { describe, expect, it } from "vitest";
import { type Block, type Inline, parseMarkdown } from "./markdown";

/** Short enough to compare: the kinds of things, with what is in them. */
function inline(part: Inline): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return `<code>${part.text}</code>`;
    case "break":
      return "<br>";
    case "image":
      return `<img ${part.url} ${part.text}>`;
    case "link":
      return `<a ${part.url}>${part.children.map(inline).join("")}</a>`;
    default:
      return `<${part.kind}>${part.children.map(inline).join("")}</${part.kind}>`;
  }
}

const line = (parts: readonly Inline[]) => parts.map(inline).join("");

function block(one: Block): unknown {
  switch (one.kind) {
    case "heading":
      return [`h${one.level}`, line(one.children)];
    case "paragraph":
      return line(one.children);
    case "code":
      return ["pre", one.text];
    case "quote":
      return ["quote", ...one.blocks.map(block)];
    case "list":
      return [one.start ?? "ul", ...one.items.map(({ done, blocks }) => [done, ...blocks.map(block)])];
    case "table":
      return ["table", one.head.map(line), ...one.rows.map((row) => row.map(line))];
    case "rule":
      return ["hr"];
  }
}

const read = (text: string) => parseMarkdown(text).map(block);

describe("Markdown", () => {
  it("has headings, paragraphs, rules, quotes and code", () => {
    expect(read("# A *b* #\ntext\nmore\n\n---\n> said\n> so\n\n```py\n# no heading\n```\nend")).toEqual([
      ["h1", "A <em>b</em>"],
      "text<br>more",
      ["hr"],
      ["quote", "said<br>so"],
      ["pre", "# no heading"],
      "end",
    ]);
  });

  it("has lists in lists, numbered ones and tasks", () => {
    expect(read("- a\n  - b\n    1. c\n- [x] d\n- [ ] e\n\n3. f\n4. g")).toEqual([
      ["ul", [null, "a", ["ul", [null, "b", [1, [null, "c"]]]]], [true, "d"], [false, "e"]],
      [3, [null, "f"], [null, "g"]],
    ]);
  });

  it("has tables", () => {
    expect(read("| a | b |\n|:--|--:|\n| 1 | `x` |\n| 2 \\| 3 | |\nafter")).toEqual([
      ["table", ["a", "b"], ["1", "<code>x</code>"], ["2 | 3", ""]],
      "after",
    ]);
    expect(read("a | b\nno table")).toEqual(["a | b<br>no table"]);
  });

  it("has emphasis, code, links and pictures in a line", () => {
    expect(read("**a _b_** *c* __d__ ~~e~~ ``f`g`` snake_case_name 2 * 3 * 4 \\*h\\*")).toEqual([
      "<strong>a <em>b</em></strong> <em>c</em> <strong>d</strong> <del>e</del> <code>f`g</code> snake_case_name 2 * 3 * 4 *h*",
    ]);
    expect(read('[a **b**](https://x.y "title") ![alt](p.png) see https://z.w/q?a=1.')).toEqual([
      "<a https://x.y>a <strong>b</strong></a> <img p.png alt> see <a https://z.w/q?a=1>https://z.w/q?a=1</a>.",
    ]);
  });

  it("leaves HTML and whatever was begun and not ended as text", () => {
    for (const text of ["<b>a</b> <script>alert(1)</script>", "**a", "[a](b", "`a", "| a |", "![", "1."])
      expect(read(text)).toEqual([text.trim()]);
    expect(read("```\nopen")).toEqual([["pre", "open"]]);
    expect(read("")).toEqual([]);
  });

  it("takes long hostile lines in no time", () => {
    for (const piece of ["*", "_", "[", "`", "**a ", "![](", "~~", "> ", "- ", "|-", "\\"])
      read(piece.repeat(5000));
  });
});
