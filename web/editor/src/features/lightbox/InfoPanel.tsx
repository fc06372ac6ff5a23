/** What is known about a file: its size, where it lies, and how it was made, as far as it tells. */
import { useEffect, useState } from "react";
import type { FileRef } from "../../api/types";
import { readEmbedded } from "../../graph/formats/embedded";
import { type Fact, recipeOf } from "../../graph/formats/recipe";
import { formatBytes, formatSeconds } from "../../lib/format";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { useEditor } from "../context";
import { fetchFile } from "./ways";

type About =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly message: string }
  | { readonly state: "ready"; readonly facts: readonly Fact[]; readonly recipe: readonly Fact[] };

export function InfoPanel({ file }: { readonly file: FileRef }) {
  const { api } = useEditor();
  const [about, setAbout] = useState<About>({ state: "loading" });
  const url = api.viewUrl(file);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address says which file it is
  useEffect(() => {
    let current = true;
    readAbout(url, file).then(
      (read) => current && setAbout(read),
      (error: Error) => current && setAbout({ state: "failed", message: error.message }),
    );
    return () => {
      current = false;
    };
  }, [url]);
  return (
    <aside className="lightbox-info" aria-label={t("About this file")}>
      {about.state === "loading" && <p className="lightbox-quiet">{t("Loading…")}</p>}
      {about.state === "failed" && <p className="lightbox-quiet">{about.message}</p>}
      {about.state === "ready" && (
        <>
          <Facts facts={about.facts} />
          <h2>{t("How it was made")}</h2>
          {about.recipe.length ? (
            <Facts facts={about.recipe} />
          ) : (
            <p className="lightbox-quiet">{t("The file does not say.")}</p>
          )}
        </>
      )}
    </aside>
  );
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

async function readAbout(url: string, ref: FileRef): Promise<About> {
  const file = await fetchFile(url, ref.filename);
  const [{ prompt, infotext }, measures] = await Promise.all([
    file.arrayBuffer().then(readEmbedded),
    measuresOf(ref, url),
  ]);
  const folder = [ref.type, ref.subfolder].filter(Boolean).join("/");
  const facts = [
    { label: t("File"), value: ref.filename },
    { label: t("Folder"), value: folder },
    ...measures,
    { label: t("Size"), value: formatBytes(file.size) },
  ];
  const recipe = recipeOf(prompt);
  if (recipe.length || !infotext) return { state: "ready", facts, recipe };
  return { state: "ready", facts, recipe: [{ label: t("Parameters"), value: infotext }] };
}

async function measuresOf(ref: FileRef, url: string): Promise<readonly Fact[]> {
  const medium = mediumOf(ref);
  try {
    if (medium === "image") {
      const picture = new Image();
      picture.src = url;
      await picture.decode();
      return [{ label: t("Pixels"), value: `${picture.naturalWidth} × ${picture.naturalHeight}` }];
    }
    const player = document.createElement(medium === "video" ? "video" : "audio");
    player.preload = "metadata";
    await new Promise((resolve, reject) => {
      player.onloadedmetadata = resolve;
      player.onerror = reject;
      player.src = url;
    });
    const length = { label: t("Length"), value: formatSeconds(player.duration) };
    if (!(player instanceof HTMLVideoElement)) return [length];
    return [{ label: t("Pixels"), value: `${player.videoWidth} × ${player.videoHeight}` }, length];
  } catch {
    return []; // What the browser cannot show it cannot measure.
  }
}
