/** One widget of a node, at its place. Values live in the document; the control only shows and changes them. */
import { memo } from "react";
import { setValue } from "../../graph/edit";
import type { WidgetShape } from "../../graph/nodeShape";
import type { ControlMode, NodeId } from "../../graph/records";
import { type Json, stringifyJson } from "../../lib/json";
import { useServices } from "../services";
import { ComboWidget } from "./ComboWidget";
import { CustomWidget } from "./CustomWidget";
import { NumberWidget } from "./NumberWidget";
import { SeedControl } from "./SeedControl";
import { LineWidget, TextWidget } from "./TextWidget";
import { ToggleWidget } from "./ToggleWidget";

interface Props {
  readonly id: NodeId;
  readonly widget: WidgetShape;
  readonly value: Json;
  readonly control: ControlMode | undefined;
  /** Fed by a link: its own value is shown, greyed, and not used. */
  readonly linked: boolean;
  readonly wrong: boolean;
  readonly top: number;
  readonly height: number;
}

export interface WidgetProps<Spec> {
  readonly label: string;
  readonly spec: Spec;
  readonly value: Json;
  readonly disabled: boolean;
  /** `merge`: part of a gesture that began before; the whole gesture is one step of undo. */
  readonly onChange: (value: Json, merge?: boolean) => void;
  readonly onDone: () => void;
}

export const WidgetRow = memo(function WidgetRow(props: Props) {
  const { id, widget, value, control, linked, wrong, top, height } = props;
  const { doc } = useServices();
  const withControl = control !== undefined && widget.spec.control !== undefined;
  return (
    <div
      className="widget"
      data-widget={widget.name}
      data-interactive
      data-kind={widget.spec.kind}
      data-linked={linked || undefined}
      data-wrong={wrong || undefined}
      style={{ top, height }}
      title={widget.tooltip || undefined}
    >
      <Control
        label={widget.label}
        spec={widget.spec}
        value={value}
        disabled={linked}
        id={id}
        name={widget.name}
        onChange={(next, merge) =>
          setValue(doc, id, widget.name, next, merge ? `${id}.${widget.name}` : undefined)
        }
        onDone={() => doc.store.endMerge()}
      />
      {withControl && (
        <SeedControl id={id} name={widget.name} label={widget.label} mode={control} disabled={linked} />
      )}
    </div>
  );
});

type ControlProps = WidgetProps<WidgetShape["spec"]> & { readonly id: NodeId; readonly name: string };

function Control({ spec, id, name, ...rest }: ControlProps) {
  switch (spec.kind) {
    case "int":
    case "float":
      return <NumberWidget spec={spec} {...rest} />;
    case "combo":
      return <ComboWidget spec={spec} {...rest} />;
    case "toggle":
      return <ToggleWidget spec={spec} {...rest} />;
    case "text":
      return spec.multiline ? <TextWidget spec={spec} {...rest} /> : <LineWidget spec={spec} {...rest} />;
    case "custom":
      return <CustomWidget spec={spec} {...rest} id={id} name={name} />;
    case "opaque":
      return <OpaqueValue label={rest.label} value={rest.value} />;
  }
}

function OpaqueValue({ label, value }: { readonly label: string; readonly value: Json }) {
  const text = typeof value === "string" ? value : stringifyJson(value);
  return (
    <div className="field field-opaque" title={text}>
      <span className="field-label">{label}</span>
      <span className="field-value">{text}</span>
    </div>
  );
}
