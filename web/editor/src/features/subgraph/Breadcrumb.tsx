/** Where one is among subgraphs within subgraphs, and the way back. */
import { ChevronRight, CornerLeftUp } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";
import { actionOf } from "../../actions";
import { type Camera, firstView } from "../../canvas/camera";
import type { Engine } from "../../canvas/Engine";
import type { GraphDocument } from "../../graph/document";
import { useEditor } from "../context";
import "./subgraph.css";
import { t } from "../../lib/t";

export function Breadcrumb() {
  const editor = useEditor();
  const { doc, engine, tabs } = editor;
  const path = useSyncExternalStore(doc.navigated.on, () => doc.path);
  const names = useSyncExternalStore(doc.store.changed.on, () => namesOf(doc).join("\n"));
  useEffect(() => (engine ? keepPlaces(engine) : undefined), [engine]);
  if (!path.length) return null;
  const go = (depth: number) => {
    doc.goTo(path.slice(0, depth));
    engine?.host.focus({ preventScroll: true });
  };
  const steps = [tabs.current.name, ...names.split("\n")];
  return (
    <nav className="breadcrumb" aria-label={t("Subgraphs")}>
      <button
        type="button"
        className="breadcrumb-up"
        aria-label={t("Leave subgraph")}
        title={`${t("Leave subgraph")} (Esc)`}
        onClick={() => actionOf("leaveSubgraph").run(editor)}
      >
        <CornerLeftUp size={14} aria-hidden />
      </button>
      <ol>
        {steps.map((name, depth) => (
          <li key={path.slice(0, depth).join("/")}>
            {depth > 0 && <ChevronRight size={13} aria-hidden />}
            <Step name={name} isHere={depth === path.length} onGo={() => go(depth)} />
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Step({
  name,
  isHere,
  onGo,
}: {
  readonly name: string;
  readonly isHere: boolean;
  readonly onGo: () => void;
}) {
  if (isHere) return <span aria-current="page">{name}</span>;
  return (
    <button type="button" onClick={onGo}>
      {name}
    </button>
  );
}

function namesOf(doc: GraphDocument): string[] {
  return doc.path.map((id) => doc.shape(id)?.title ?? "");
}

/** Each sheet is shown again where one left it; a new one as a whole. */
function keepPlaces(engine: Engine): () => void {
  const { doc } = engine;
  const cameras = new Map<string, Camera>();
  let here = doc.path.join("\n");
  return doc.navigated.on(() => {
    cameras.set(here, engine.camera);
    here = doc.path.join("\n");
    const known = cameras.get(here);
    if (known) engine.camera = known;
    else engine.fit(undefined, firstView);
  });
}
