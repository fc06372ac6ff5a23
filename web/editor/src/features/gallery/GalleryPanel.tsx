/** What was made, as pictures: found by words of the prompt, looked at, compared, and opened as the workflow they came from. */
import { Columns2, RotateCw } from "lucide-react";
import { useCallback, useState } from "react";
import type { FileRef } from "../../api/types";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import type { PanelProps } from "../panels/panels";
import { Grid, keyOf } from "./Grid";
import { useResults } from "./useResults";

export function GalleryPanel({ openImages }: PanelProps) {
  const [search, setSearch] = useState("");
  const { results, reload, more } = useResults(search);
  const [chosen, setChosen] = useState<readonly FileRef[]>([]);
  const choose = useCallback((file: FileRef) => setChosen((old) => toggled(old, file)), []);
  return (
    <div className="gallery">
      <div className="panel-tools">
        <input
          type="search"
          className="panel-search"
          aria-label={t("Search outputs")}
          placeholder={t("Search prompts and nodes")}
          value={search}
          spellCheck={false}
          onChange={(e) => setSearch(e.target.value)}
        />
        <Button
          label={t("Compare")}
          title={chosen.length === 2 ? t("Compare the two") : t("Ctrl+click two pictures to compare them")}
          icon={<Columns2 size={16} aria-hidden />}
          disabled={chosen.length !== 2}
          onClick={() => openImages(chosen, 1, 0)}
        />
      </div>
      {results.state === "loading" && <p className="panel-note">{t("Loading…")}</p>}
      {results.state === "failed" && (
        <div className="panel-note">
          <p>{results.message}</p>
          <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={() => void reload()}>
            {t("Try again")}
          </Button>
        </div>
      )}
      {results.state === "ready" && !results.list.length && (
        <p className="panel-note">
          {search ? t("Nothing was made with these words.") : t("What you make is collected here.")}
        </p>
      )}
      {results.state === "ready" && results.list.length > 0 && (
        <Grid
          list={results.list}
          chosen={chosen}
          onChoose={choose}
          onEnd={results.hasMore ? more : undefined}
          onChanged={reload}
          openImages={openImages}
        />
      )}
    </div>
  );
}

/** The last two that were chosen. */
function toggled(chosen: readonly FileRef[], file: FileRef): readonly FileRef[] {
  const others = chosen.filter((one) => keyOf(one) !== keyOf(file));
  return others.length < chosen.length ? others : [...others, file].slice(-2);
}
