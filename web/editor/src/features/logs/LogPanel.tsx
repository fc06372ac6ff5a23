/** What the server and its worker say, as it is said. */
import { Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { isArray, isObject, type Json } from "../../lib/json";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";

const KEPT = 1000;

interface Line {
  readonly number: number;
  readonly text: string;
}

export function LogPanel() {
  const { api, line } = useEditor();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [failure, setFailure] = useState("");
  const [query, setQuery] = useState("");
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let count = 0;
    const add = (entries: Json | undefined) => {
      const fresh = readEntries(entries).map((text) => ({ number: count++, text }));
      setLines((before) => [...before, ...fresh].slice(-KEPT));
    };
    const off = line.raw.on(({ type, data }) => type === "logs" && add(data.entries));
    api.ask("../internal/logs/raw").then(
      (body) => add(isObject(body) ? body.entries : undefined),
      (error: Error) => setFailure(error.message),
    );
    const listen = (enabled: boolean) => void api.followLog(line.clientId, enabled).catch(() => {});
    listen(true);
    return () => {
      off();
      listen(false);
    };
  }, [api, line]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the last line is in view whenever there is a new one
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [lines]);

  const shown = lines.filter(({ text }) => text.toLowerCase().includes(query.toLowerCase()));
  const copy = () => void navigator.clipboard?.writeText(shown.map(({ text }) => text).join("\n"));
  if (failure) return <p className="panel-note">{failure}</p>;
  return (
    <>
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search the log")}
          placeholder={t("Search the log")}
          value={query}
          onChange={(e) => setQuery(e.target.value)}
        />
        <Button label={t("Copy")} icon={<Copy size={14} aria-hidden />} onClick={copy} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <div className="log" role="log" aria-label={t("Log")} tabIndex={0}>
        {shown.map(({ number, text }) => (
          <div key={number} data-error={/error|traceback/i.test(text) || undefined}>
            {text}
          </div>
        ))}
        <div ref={end} />
      </div>
    </>
  );
}

function readEntries(entries: Json | undefined): string[] {
  return (isArray(entries) ? entries.filter(isObject) : []).map(({ m }) => String(m ?? "").trimEnd());
}
