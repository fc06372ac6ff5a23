/** Reads the words of the page off the source: those that go through `t()`, and those that go past it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ESTree, parseSync } from "vite";

const ROOT = join(import.meta.dirname, "..");
/** What a person sees or hears, wherever it stands. */
const ATTRIBUTES = new Set(["label", "title", "text", "placeholder", "nothing", "alt", "aria-label"]);
const PROPERTIES = new Set(["label", "title", "body", "verb", "placeholder", "nothing", "textContent"]);
/** Keys as they are written on them, and names. */
const NAMES =
  /^(?:[ (]*(?:(?:Ctrl|Alt|Shift|Enter|Esc|Delete|Space|Tab|F\d+|[^\p{L}]|\p{L}(?!\p{L}))\+?)+[) ]*|CPU|RAM|Easel)$/u;
const FUNCTIONS = new Set(["ArrowFunctionExpression", "FunctionExpression", "FunctionDeclaration"]);

type Node = ESTree.Node;

export interface Words {
  /** Each text that `t()` is called with. */
  readonly said: ReadonlySet<string>;
  /** Words that a person sees although they do not go through `t()`. */
  readonly past: readonly string[];
  /** Calls that are over before a language is chosen, or whose text only shows when they are made. */
  readonly wrong: readonly string[];
}

export function wordsOfThePage(): Words {
  const said = new Set<string>();
  const past: string[] = [];
  const wrong: string[] = [];
  for (const file of sources()) {
    const text = readFileSync(join(ROOT, file), "utf8");
    visit(parseSync(file, text).program, [], (node, above) => {
      const where = `${file}: ${text.slice(node.start, node.end)}`;
      if (isCallOfT(node)) {
        const [first] = node.arguments;
        if (first?.type === "Literal" && typeof first.value === "string") said.add(first.value);
        else wrong.push(where);
        if (!above.some(({ type }) => FUNCTIONS.has(type))) wrong.push(where);
      } else if (isText(node) && isShown(node, above)) past.push(where);
    });
  }
  return { said, past, wrong };
}

/** Packs speak for themselves, and so do nodes: their names are those of the workflows of the world. */
function sources(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|testing\.tsx?$|^api\/fake\//.test(file),
  );
}

function visit(
  node: Node,
  above: readonly Node[],
  found: (node: Node, above: readonly Node[]) => void,
): void {
  found(node, above);
  const inside = [node, ...above];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === "object" && child && "type" in child) visit(child as Node, inside, found);
  }
}

function isCallOfT(node: Node): node is ESTree.CallExpression {
  return node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "t";
}

function isText(node: Node): boolean {
  const parts =
    node.type === "TemplateLiteral"
      ? node.quasis.map(({ value }) => value.cooked ?? "")
      : (node.type === "Literal" || node.type === "JSXText") && typeof node.value === "string"
        ? [node.value]
        : [];
  return parts.some((part) => /\p{L}{2}/u.test(part) && !NAMES.test(part.trim()));
}

/** Whether a text is what an attribute or a property of these names shows, by itself or as one of two. */
function isShown(text: Node, above: readonly Node[]): boolean {
  if (text.type === "JSXText") return true;
  let inner = text;
  for (const outer of above) {
    if (outer.type === "ConditionalExpression" && outer.test !== inner) inner = outer;
    else if (outer.type === "LogicalExpression" && outer.right === inner) inner = outer;
    else if (outer.type === "JSXExpressionContainer") inner = outer;
    else if (outer.type === "JSXElement" || outer.type === "JSXFragment") return true;
    else if (outer.type === "JSXAttribute") return ATTRIBUTES.has(String(outer.name.name));
    else if (outer.type === "Property")
      return outer.value === inner && outer.key.type === "Identifier" && PROPERTIES.has(outer.key.name);
    else return false;
  }
  return false;
}
