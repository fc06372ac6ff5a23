/** What the selected node is for: its description, and each of its inputs and outputs. */
import { useSyncExternalStore } from "react";
import type { InputDef } from "../../graph/nodeDefs";
import { optionText, type WidgetSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import { useEditor } from "../context";
import { NodeDocs } from "./NodeDocs";

export function HelpPanel() {
  const { doc, selection } = useEditor();
  const id = useSyncExternalStore(selection.changed.on, () => [...selection.ids][0]);
  const def = id === undefined ? undefined : doc.shape(id)?.def;
  if (!def) return <p className="panel-note">{t("Select a node to read about it.")}</p>;
  return (
    <article className="help">
      <h2>{def.title}</h2>
      <p className="panel-quiet">
        {def.type} · {def.pack || t("Built in")}
        {def.deprecated && ` · ${t("Deprecated")}`}
        {def.experimental && ` · ${t("Experimental")}`}
      </p>
      {def.description.split("\n\n").map((part) => (
        <p key={part}>{part}</p>
      ))}
      <NodeDocs def={def} />
      {def.inputs.length > 0 && <h3>{t("Inputs")}</h3>}
      <dl>
        {def.inputs.map((input) => (
          <Input key={input.name} input={input} />
        ))}
      </dl>
      {def.outputs.length > 0 && <h3>{t("Outputs")}</h3>}
      <dl>
        {def.outputs.map(({ name, type, isList }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: outputs have no names of their own
          <div key={i}>
            <dt>{name}</dt>
            <Facts facts={[name !== type && type, isList && t("list")]} />
          </div>
        ))}
      </dl>
    </article>
  );
}

function Input({ input: { label, type, optional, tooltip, widget } }: { readonly input: InputDef }) {
  const facts = [label !== type && type, optional && t("optional"), ...(widget ? bounds(widget) : [])];
  return (
    <div>
      <dt>{label}</dt>
      <Facts facts={facts} />
      {tooltip && <dd>{tooltip}</dd>}
    </div>
  );
}

function Facts({ facts }: { readonly facts: readonly (string | false)[] }) {
  const said = facts.filter(Boolean).join(" · ");
  return said && <dd className="panel-quiet">{said}</dd>;
}

function bounds(spec: WidgetSpec): string[] {
  const standard =
    spec.default === null || spec.default === ""
      ? []
      : [t("standard {value}", { value: optionText(spec.default) })];
  if (spec.kind !== "int" && spec.kind !== "float") return standard;
  const { min, max } = spec;
  if (min === undefined || max === undefined) return standard;
  return [...standard, t("from {min} to {max}", { min: String(min), max: String(max) })];
}
