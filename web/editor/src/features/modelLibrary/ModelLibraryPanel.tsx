/** All model files by kind and folder, with picture and words of the one that is looked at. */
import { Box, RotateCw } from "lucide-react";
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { DRAGGED_NODE, placeNode } from "../../actions/place";
import { listModels, type ModelFile, modelWords, previewUrl } from "../../api/models";
import { formatBytes } from "../../lib/format";
import type { JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import { branches } from "../../lib/tree";
import { Button } from "../../ui/Button";
import { TreeList, type TreeRow } from "../../ui/TreeList";
import { showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { loaderFor } from "./loaders";

type Content =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly files: readonly ModelFile[] };

const openFolders = new Set<string>();
const keyOf = ({ folder, name }: ModelFile) => `${folder}/${name}`;

export function ModelLibraryPanel() {
  const editor = useEditor();
  const { api, doc } = editor;
  const [content, setContent] = useState<Content>({ state: "loading" });
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query);
  const [opened, setOpened] = useState(0);
  const [seen, setSeen] = useState<ModelFile | null>(null);
  const load = useCallback(() => {
    listModels(api).then(
      (files) => setContent({ state: "ready", files }),
      (error: Error) => setContent({ state: "failed", message: error.message }),
    );
  }, [api]);
  useEffect(load, [load]);

  const files = content.state === "ready" ? content.files : [];
  const byKey = useMemo(() => new Map(files.map((file) => [keyOf(file), file])), [files]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: counts up when a folder is opened or closed
  const rows = useMemo((): TreeRow[] => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length
      ? files.filter((file) => words.every((word) => keyOf(file).toLowerCase().includes(word)))
      : files;
    const isOpen = (path: string) => words.length > 0 || openFolders.has(path);
    const place = (file: ModelFile) => {
      const parts = keyOf(file).split("/");
      return { folder: parts.slice(0, -1).join("/"), name: parts.at(-1) ?? "" };
    };
    return branches(found, place, isOpen).map(({ path, name, depth, item, count }) => {
      if (!item) return { key: path, label: name, depth, open: isOpen(path), hint: String(count) };
      const loader = loaderFor(item, doc.defs);
      const drag = loader ? ([DRAGGED_NODE, JSON.stringify(loader)] as const) : undefined;
      return { key: path, label: name, depth, hint: formatBytes(item.size), drag };
    });
  }, [files, wanted, opened, doc]);

  if (content.state === "loading") return <p className="panel-note">{t("Loading…")}</p>;
  if (content.state === "failed") {
    return (
      <div className="panel-note">
        <p>{content.message}</p>
        <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={load}>
          {t("Try again")}
        </Button>
      </div>
    );
  }
  const pick = ({ key }: TreeRow) => {
    const file = byKey.get(key);
    const loader = file && loaderFor(file, doc.defs);
    if (loader) placeNode(editor, loader);
    else showToast({ kind: "info", topic: "model", title: t("No node loads this model by itself") });
  };
  return (
    <>
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search models")}
          placeholder={t("Search {count} {count|model|models}", { count: files.length })}
          value={query}
          spellCheck={false}
          onChange={(e) => setQuery(e.target.value)}
        />
        <Button label={t("Read again")} icon={<RotateCw size={14} aria-hidden />} onClick={load} />
      </div>
      {!rows.length && (
        <p className="panel-note">
          {query ? t("No model of this name") : t("No models yet: put them into models/ by kind.")}
        </p>
      )}
      <TreeList
        rows={rows}
        label={t("Model library")}
        onToggle={(key) => {
          if (!openFolders.delete(key)) openFolders.add(key);
          setOpened(opened + 1);
        }}
        onPick={pick}
        onActive={(row) => setSeen((row && byKey.get(row.key)) ?? null)}
      />
      {seen && <About key={keyOf(seen)} file={seen} />}
    </>
  );
}

function About({ file }: { readonly file: ModelFile }) {
  const { api } = useEditor();
  const [words, setWords] = useState<JsonObject | null>(null);
  const [hasPicture, setHasPicture] = useState(true);
  useEffect(() => {
    let current = true;
    // Whoever only passes over a row asks nothing of the server.
    const timer = setTimeout(
      () => void modelWords(api, file).then((found) => current && setWords(found)),
      250,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, file]);
  const shown = Object.entries(words ?? {}).filter(
    ([, value]) => typeof value === "string" && value.length < 400,
  );
  return (
    <section className="model-about" aria-label={t("About the model")}>
      {hasPicture ? (
        <img src={previewUrl(file)} alt="" onError={() => setHasPicture(false)} />
      ) : (
        <Box size={24} strokeWidth={1.5} aria-hidden />
      )}
      <div>
        <strong>{file.name.split("/").at(-1)}</strong>
        <p>
          {file.folder} · {formatBytes(file.size)}
        </p>
        <dl>
          {shown.slice(0, 8).map(([name, value]) => (
            <div key={name}>
              <dt>{name.replace(/^(modelspec\.|ss_)/, "")}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
