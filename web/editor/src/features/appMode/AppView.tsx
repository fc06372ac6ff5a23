/** A workflow as an app: a form made of chosen widgets beside what it makes, at the width of a phone too. */
import { ListChecks, Workflow } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { FileRef } from "../../api/types";
import { t } from "../../lib/t";
import { WidgetRow } from "../../nodes/widgets/WidgetRow";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";
import { RunButton } from "../run/RunButton";
import { ChooseFields } from "./ChooseFields";
import { fieldsOf, outputsOf, readForm } from "./form";

interface Props {
  readonly openImages: (images: readonly FileRef[], index: number) => void;
}

export function AppMode(props: Props) {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  useEffect(() => editor.asked.on((what) => what === "app" && setOpen((shown) => !shown)), [editor]);
  return open ? <AppView {...props} onClose={() => setOpen(false)} /> : null;
}

function AppView({ openImages, onClose }: Props & { readonly onClose: () => void }) {
  const { doc, tabs } = useEditor();
  useSyncExternalStore(doc.store.changed.on, useCounted(doc.store.changed.on));
  const form = readForm(doc);
  const fields = fieldsOf(doc, form);
  const [choosing, setChoosing] = useState(!fields.length);
  return (
    <section className="app-view" aria-label={t("App mode")}>
      <header className="app-head">
        <Button label={t("Back to the graph")} icon={<Workflow size={16} aria-hidden />} onClick={onClose} />
        <h1>{tabs.current.name}</h1>
        <Button
          label={t("Choose inputs")}
          icon={<ListChecks size={16} aria-hidden />}
          aria-pressed={choosing}
          onClick={() => setChoosing(!choosing)}
        >
          <span className="topbar-word">{t("Choose inputs")}</span>
        </Button>
        <RunButton />
      </header>
      <div className="app-body">
        <div className="app-form">
          {!fields.length && !choosing && (
            <p className="panel-note">{t("No inputs yet: choose those that this app asks for.")}</p>
          )}
          {choosing ? (
            <ChooseFields form={form} />
          ) : (
            fields.map(({ node, record, shape, title }) => (
              <div key={`${node} ${shape.name}`} className="app-field">
                <span className="app-label">{title}</span>
                <WidgetRow
                  id={node}
                  widget={shape}
                  value={record.values[shape.name] ?? shape.spec.default}
                  control={record.controls[shape.name]}
                  linked={doc.linkInto(node, shape.name) !== undefined}
                  wrong={false}
                />
              </div>
            ))
          )}
        </div>
        <Results ids={outputsOf(doc, form)} openImages={openImages} />
      </div>
    </section>
  );
}

/** A number that is another one after each event. */
function useCounted(on: (listener: () => void) => () => void): () => number {
  const [counter] = useState({ value: 0 });
  useEffect(() => on(() => void counter.value++), [on, counter]);
  return () => counter.value;
}

function Results({ ids, openImages }: Props & { readonly ids: readonly string[] }) {
  const { api, status } = useEditor();
  const runs = useSyncExternalStore(status.changed.on, () =>
    JSON.stringify(ids.map((id) => [status.get(id).images, status.get(id).texts])),
  );
  const made = JSON.parse(runs) as [FileRef[], string[]][];
  const images = made.flatMap(([files]) => files);
  const live = useSyncExternalStore(status.changed.on, () => status.livePreview);
  return (
    <div className="app-results" aria-live="polite">
      {live && <img className="app-live" src={live} alt={t("Preview of the sampling")} />}
      {images.map((file, i) => (
        <button
          type="button"
          key={`${file.subfolder}/${file.filename}`}
          aria-label={t("Open {name}", { name: file.filename })}
          onClick={() => openImages(images, i)}
        >
          <img src={api.viewUrl(file)} alt={file.filename} />
        </button>
      ))}
      {made
        .flatMap(([, texts]) => texts)
        .map((text) => (
          <p key={text}>{text}</p>
        ))}
      {!live && !images.length && <p className="panel-note">{t("What it makes appears here.")}</p>}
    </div>
  );
}
