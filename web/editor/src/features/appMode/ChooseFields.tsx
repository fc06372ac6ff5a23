import { ArrowDown, ArrowUp } from "lucide-react";
import { shownWidgets } from "../../canvas/nodeLayout";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";
import { type Form, fieldsOf, moveField, toggleField, toggleOutput, writeForm } from "./form";

/** Which widgets the form asks for, in which order, and whose results it shows. */
export function ChooseFields({ form }: { readonly form: Form }) {
  const { doc } = useEditor();
  const change = (next: Form) => writeForm(doc, next);
  const chosen = (node: string, widget: string) =>
    form.inputs.some((field) => field.node === node && field.widget === widget);
  const nodes = [...doc.nodes()].flatMap((node) => {
    const shape = doc.shape(node.id);
    const widgets = shape ? shownWidgets(shape).filter(({ unsent }) => !unsent) : [];
    return shape && widgets.length ? [{ id: node.id, shape, widgets }] : [];
  });
  const outputs = [...doc.allNodes()].filter(({ id }) => doc.shape(id)?.def?.outputNode);
  return (
    <>
      <ol className="app-order" aria-label={t("Inputs of the app")}>
        {fieldsOf(doc, form).map(({ node, widget, title, shape }, i) => (
          <li key={`${node} ${widget}`}>
            <span>
              {title} · {shape.label}
            </span>
            <Button
              label={t("{name} earlier", { name: shape.label })}
              icon={<ArrowUp size={14} aria-hidden />}
              disabled={i === 0}
              onClick={() => change(moveField(form, i, -1))}
            />
            <Button
              label={t("{name} later", { name: shape.label })}
              icon={<ArrowDown size={14} aria-hidden />}
              disabled={i === form.inputs.length - 1}
              onClick={() => change(moveField(form, i, 1))}
            />
          </li>
        ))}
      </ol>
      {nodes.map(({ id, shape, widgets }) => (
        <fieldset key={id} className="app-choice">
          <legend>{shape.title}</legend>
          {widgets.map(({ name, label }) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={chosen(id, name)}
                onChange={() => change(toggleField(form, { node: id, widget: name }))}
              />
              {label}
            </label>
          ))}
        </fieldset>
      ))}
      <fieldset className="app-choice">
        <legend>{t("Results of")}</legend>
        {outputs.map(({ id }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={form.outputs.includes(id)}
              onChange={() => change(toggleOutput(form, id))}
            />
            {doc.shape(id)?.title}
          </label>
        ))}
      </fieldset>
    </>
  );
}
