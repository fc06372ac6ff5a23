/** One widget of a node, at its place. Values live in the document; the control only shows and changes them. */
import { memo } from "react";
import { setValue } from "../../graph/edit";
import type { WidgetShape } from "../../graph/nodeShape";
import type { ControlMode, NodeId } from "../../graph/records";
import type { Json } from "../../lib/json";
import { useServices } from "../services";
import { BoxesWidget } from "./BoxesWidget";
import { BoxWidget } from "./BoxWidget";
import { CaptureWidget } from "./CaptureWidget";
import { ColorsWidget } from "./ColorsWidget";
import { ColorWidget } from "./ColorWidget";
import { ComboWidget } from "./ComboWidget";
import { CurveWidget } from "./CurveWidget";
import { CustomWidget } from "./CustomWidget";
import { JsonWidget } from "./JsonWidget";
import { LinkedControl } from "./LinkedControl";
import { MarkdownWidget } from "./MarkdownWidget";
import { NumberWidget } from "./NumberWidget";
import type { NumberSpec } from "./numberValue";
import { PainterWidget } from "./PainterWidget";
import { SeedControl } from "./SeedControl";
import { SliderWidget } from "./SliderWidget";
import { LineWidget, TextWidget } from "./TextWidget";
import { ToggleWidget } from "./ToggleWidget";
import { UploadButton } from "./UploadButton";

interface Props {
  readonly id: NodeId;
  readonly widget: WidgetShape;
  readonly value: Json;
  readonly control: ControlMode | undefined;
  /** Fed by a link: what that brings is shown, greyed; its own value is not used. */
  readonly linked: boolean;
  readonly wrong: boolean;
  /** Its place in a node; elsewhere the style sheet says. */
  readonly top?: number;
  readonly height?: number;
}

export interface WidgetProps<Spec> {
  readonly label: string;
  readonly spec: Spec;
  readonly value: Json;
  readonly disabled: boolean;
  /** `merge`: part of a gesture that began before; the whole gesture is one step of undo. */
  readonly onChange: (value: Json, merge?: boolean) => void;
  readonly onDone: () => void;
  /** Takes the gesture that is under way back. */
  readonly onCancel: () => void;
}

export const WidgetRow = memo(function WidgetRow(props: Props) {
  const { id, widget, value, control, linked, wrong, top, height } = props;
  const { doc } = useServices();
  const { spec } = widget;
  const gesture = `${id}.${widget.name}`;
  const Shown = linked ? LinkedControl : Control;
  const withControl = control !== undefined && spec.control !== undefined;
  return (
    <div
      className="widget"
      data-widget={widget.name}
      data-interactive
      data-kind={spec.kind}
      data-linked={linked || undefined}
      data-wrong={wrong || undefined}
      style={{ top, height }}
      title={widget.tooltip || undefined}
    >
      <Shown
        label={widget.label}
        spec={spec}
        value={value}
        disabled={linked}
        id={id}
        name={widget.name}
        onChange={(next, merge) => setValue(doc, id, widget.name, next, merge ? gesture : undefined)}
        onDone={() => doc.store.endMerge(gesture)}
        onCancel={() => doc.store.takeBack(gesture)}
      />
      {spec.kind === "combo" && spec.upload && (
        <UploadButton id={id} name={widget.name} kind={spec.upload} disabled={linked} />
      )}
      {withControl && (
        <SeedControl
          id={id}
          name={widget.name}
          label={widget.label}
          spec={spec}
          mode={control}
          disabled={linked}
        />
      )}
    </div>
  );
});

export type ControlProps = WidgetProps<WidgetShape["spec"]> & { readonly id: NodeId; readonly name: string };

/** The control for a kind of widget. */
export function Control({ spec, id, name, ...rest }: ControlProps) {
  switch (spec.kind) {
    case "int":
      if (spec.look === "color") return <ColorWidget spec={spec} {...rest} />;
      return <NumberControl spec={spec} {...rest} />;
    case "float":
      return <NumberControl spec={spec} {...rest} />;
    case "combo":
      return <ComboWidget spec={spec} {...rest} />;
    case "toggle":
      return <ToggleWidget spec={spec} {...rest} />;
    case "text":
      if (spec.markdown) return <MarkdownWidget spec={spec} {...rest} />;
      return spec.multiline ? <TextWidget spec={spec} {...rest} /> : <LineWidget spec={spec} {...rest} />;
    case "custom":
      return <CustomWidget spec={spec} {...rest} id={id} name={name} />;
    case "color":
      return <ColorWidget spec={spec} {...rest} />;
    case "colors":
      return <ColorsWidget spec={spec} {...rest} />;
    case "box":
      return <BoxWidget spec={spec} {...rest} id={id} />;
    case "boxes":
      return <BoxesWidget spec={spec} {...rest} id={id} />;
    case "curve":
      return <CurveWidget spec={spec} {...rest} />;
    case "painter":
      return <PainterWidget spec={spec} {...rest} id={id} name={name} />;
    case "capture":
      return <CaptureWidget spec={spec} {...rest} />;
    case "opaque":
      return <JsonWidget spec={spec} {...rest} />;
    case "compare":
      return null;
  }
}

function NumberControl(props: WidgetProps<NumberSpec>) {
  return props.spec.look === "slider" ? <SliderWidget {...props} /> : <NumberWidget {...props} />;
}
