/** Markdown as elements of the page. Nothing in it becomes HTML, and no picture is fetched from another host. */
import { createContext, Fragment, type ReactNode, useContext, useMemo } from "react";
import { type Block, type Inline, type ListItem, parseMarkdown } from "../lib/markdown";
import { t } from "../lib/t";

interface Props {
  readonly text: string;
  /** Where the text is from: addresses in it are relative to that, else to the page. */
  readonly base?: string;
}

const Base = createContext<string | undefined>(undefined);

export function Markdown({ text, base }: Props) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <Base value={base}>
      <div className="markdown">{inOrder(blocks, block)}</div>
    </Base>
  );
}

/** Parts of a text have no names of their own. */
function inOrder<T>(parts: readonly T[], show: (part: T) => ReactNode): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: their place is all that tells them apart
  return parts.map((part, i) => <Fragment key={i}>{show(part)}</Fragment>);
}

const lines = (parts: readonly Inline[]) => inOrder(parts, inline);

function block(one: Block): ReactNode {
  switch (one.kind) {
    case "heading": {
      const Heading = `h${one.level}` as "h1";
      return <Heading>{lines(one.children)}</Heading>;
    }
    case "paragraph":
      return <p>{lines(one.children)}</p>;
    case "code":
      return (
        <pre>
          <code>{one.text}</code>
        </pre>
      );
    case "quote":
      return <blockquote>{inOrder(one.blocks, block)}</blockquote>;
    case "list":
      if (one.start === null) return <ul>{inOrder(one.items, item)}</ul>;
      return <ol start={one.start}>{inOrder(one.items, item)}</ol>;
    case "table":
      return (
        <table>
          <thead>
            <tr>
              {inOrder(one.head, (cell) => (
                <th>{lines(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {inOrder(one.rows, (row) => (
              <tr>
                {inOrder(row, (cell) => (
                  <td>{lines(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "rule":
      return <hr />;
  }
}

function item({ done, blocks }: ListItem): ReactNode {
  // An item of one line stands beside its mark, without the room of a paragraph.
  const shown = (one: Block) => (one.kind === "paragraph" ? lines(one.children) : block(one));
  return (
    <li data-done={done ?? undefined}>
      {done !== null && (
        <span role="img" aria-label={done ? t("Done") : t("Not done")}>
          {done ? "☑ " : "☐ "}
        </span>
      )}
      {inOrder(blocks, shown)}
    </li>
  );
}

function inline(part: Inline): ReactNode {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "break":
      return <br />;
    case "link":
      return <Link url={part.url}>{lines(part.children)}</Link>;
    case "image":
      return <Picture url={part.url} alt={part.text} />;
    default: {
      const Tag = part.kind;
      return <Tag>{lines(part.children)}</Tag>;
    }
  }
}

function Picture({ url, alt }: { readonly url: string; readonly alt: string }) {
  const full = useAddress(url);
  if (isHere(full)) return <img src={full?.href} alt={alt} />;
  return <Link url={url}>{alt || url}</Link>;
}

function Link({ url, children }: { readonly url: string; readonly children: ReactNode }) {
  const full = useAddress(url);
  if (!/^(https?:|mailto:)/i.test(url) && !isHere(full)) return <>{children}</>;
  return (
    <a href={full?.href} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function useAddress(url: string): URL | null {
  return URL.parse(url, useContext(Base) ?? document.baseURI);
}

function isHere(url: URL | null): boolean {
  return url?.origin === location.origin;
}
