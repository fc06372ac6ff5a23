/** What the pack of a node has written about it: `docs/<class>/<language>.md` or `docs/<class>.md` beside its scripts. */
import { useEffect, useState } from "react";
import type { NodeDef } from "../../graph/nodeDefs";
import { languageFor } from "../../lib/languages";
import { locale } from "../../lib/t";
import { Markdown } from "../../ui/Markdown";

interface Docs {
  readonly text: string;
  readonly base: string;
}

const read = new Map<string, Promise<Docs | null>>();

export function NodeDocs({ def: { pack, type } }: { readonly def: NodeDef }) {
  const [docs, setDocs] = useState<Docs | null>(null);
  useEffect(() => {
    let current = true;
    setDocs(null);
    if (pack) void docsOf(pack, type).then((found) => current && setDocs(found));
    return () => {
      current = false;
    };
  }, [pack, type]);
  return docs && <Markdown {...docs} />;
}

/** Asked for once; null where there are none. */
function docsOf(pack: string, type: string): Promise<Docs | null> {
  const folder = `extensions/${encodeURIComponent(pack)}/docs`;
  const name = encodeURIComponent(type);
  const language = languageFor(locale()) ?? "en";
  const own = language === "en" ? [] : [`${folder}/${name}/${language}.md`];
  const key = `${language} ${folder}/${name}`;
  const known = read.get(key) ?? firstOf([...own, `${folder}/${name}.md`, `${folder}/${name}/en.md`]);
  read.set(key, known);
  return known;
}

async function firstOf(paths: readonly string[]): Promise<Docs | null> {
  for (const path of paths) {
    const answer = await fetch(path).catch(() => null);
    if (answer?.ok) return { text: await answer.text(), base: answer.url };
  }
  return null;
}
