/** The selected nodes as a form: what they have in common is changed in all of them, as one step. */
import { useContext, useSyncExternalStore } from "react";
import { setTitle, setValue, toggleMode } from "../../graph/edit";
import type { WidgetShape } from "../../graph/nodeShape";
import { Mode, type NodeRecord } from "../../graph/records";
import type { Json } from "../../lib/json";
import { t } from "../../lib/t";
import { NodeServicesContext } from "../../nodes/services";
import { Control } from "../../nodes/widgets/WidgetRow";
import { useEditor } from "../context";
import { sharedWidgets } from "./shared";

const MODES = [
  [Mode.always, () => t("Normal")],
  [Mode.muted, () => t("Muted")],
  [Mode.bypassed, () => t("Bypassed")],
] as const;

export function PropertiesPanel() {
  const { doc, selection } = useEditor();
  const services = useContext(NodeServicesContext);
  const ids = useSyncExternalStore(selection.changed.on, () => selection.ids);
  useSyncExternalStore(
    doc.touched.on,
    () => doc.store.history.undoLabel + [...ids].map((id) => stamp(doc.node(id))).join(),
  );
  const nodes = [...ids].flatMap((id) => doc.node(id) ?? []);
  const [only] = nodes;
  if (!only || !services) return <p className="panel-note">{t("Select nodes to see their properties.")}</p>;
  const modes = new Set(nodes.map(({ mode }) => mode));
  return (
    <div className="properties">
      {nodes.length === 1 ? (
        <One key={only.id} node={only} />
      ) : (
        <h2>{t("{count} {count|node|nodes}", { count: nodes.length })}</h2>
      )}
      <fieldset className="setting">
        <legend>{t("Mode")}</legend>
        <div className="segments">
          {MODES.map(([mode, label]) => (
            <label key={mode} className="segment">
              <input
                type="radio"
                className="sr-only"
                name="mode"
                checked={modes.size === 1 && modes.has(mode)}
                onChange={() => setAllModes(mode)}
              />
              {label()}
            </label>
          ))}
        </div>
      </fieldset>
      {sharedWidgets(nodes.map(({ id }) => doc.shape(id))).map((widget) => (
        <Shared key={`${only.id} ${widget.name}`} widget={widget} nodes={nodes} />
      ))}
    </div>
  );

  function setAllModes(mode: number): void {
    const different = nodes.filter((node) => node.mode !== mode).map(({ id }) => id);
    if (different.length) toggleMode(doc, mode ? different : [...ids], mode, "Mode");
  }
}

/** Records are new objects whenever something in them changed; this tells them apart. */
const stamps = new WeakMap<NodeRecord, number>();
let lastStamp = 0;

function stamp(node: NodeRecord | undefined): number {
  if (!node) return 0;
  if (!stamps.has(node)) stamps.set(node, ++lastStamp);
  return stamps.get(node) ?? 0;
}

function One({ node }: { readonly node: NodeRecord }) {
  const { doc } = useEditor();
  const shape = doc.shape(node.id);
  return (
    <>
      <label className="dialog-field">
        {t("Title")}
        <input
          className="panel-search"
          defaultValue={shape?.title}
          spellCheck={false}
          onBlur={(e) => e.target.value !== shape?.title && setTitle(doc, node.id, e.target.value)}
          onKeyDown={(e) => e.key === "Enter" && e.currentTarget.blur()}
        />
      </label>
      <p className="panel-quiet">
        {node.type} · #{node.id.split(":").at(-1)}
        {shape?.def?.pack && ` · ${shape.def.pack}`}
      </p>
    </>
  );
}

interface SharedProps {
  readonly widget: WidgetShape;
  readonly nodes: readonly NodeRecord[];
}

function Shared({ widget, nodes }: SharedProps) {
  const { doc } = useEditor();
  const values = nodes.map(({ values: own }) => own[widget.name] ?? widget.spec.default);
  const mixed = values.some((value) => value !== values[0]);
  const gesture = `all ${nodes.map(({ id }) => id).join()} ${widget.name}`;
  const change = (value: Json, merge?: boolean) =>
    doc.transact(
      `Change ${widget.name}`,
      () => {
        for (const { id } of nodes) setValue(doc, id, widget.name, value);
      },
      merge ? gesture : undefined,
    );
  const linked = nodes.some(({ id }) => doc.linkInto(id, widget.name) !== undefined);
  return (
    <div className="property" data-kind={widget.spec.kind} title={widget.tooltip || undefined}>
      <Control
        label={mixed ? t("{name} (several values)", { name: widget.label }) : widget.label}
        spec={widget.spec}
        value={values[0] ?? null}
        disabled={linked && nodes.length === 1}
        id={nodes[0]?.id ?? ""}
        name={widget.name}
        onChange={change}
        onDone={() => doc.store.endMerge(gesture)}
        onCancel={() => doc.store.takeBack(gesture)}
      />
    </div>
  );
}
