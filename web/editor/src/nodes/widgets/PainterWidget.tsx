/** A drawing: shown small on what it is drawn on, made on the whole page. The value names its file. */
import { Brush } from "lucide-react";
import { setValue } from "../../graph/edit";
import type { NodeId } from "../../graph/records";
import type { PainterSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import { fileRefOf } from "../fileRef";
import { useInputPicture } from "../inputPicture";
import { useNode, useServices, useShape } from "../services";
import { useShown } from "../useShown";
import { NumberWidget } from "./NumberWidget";
import type { WidgetProps } from "./WidgetRow";

const SIDES = ["width", "height"] as const;
const SIDE = 512;

interface Props extends WidgetProps<PainterSpec> {
  readonly id: NodeId;
  readonly name: string;
}

export function PainterWidget({ id, name, label, value, disabled }: Props) {
  const { viewUrl, draw } = useServices();
  const values = useNode(id)?.values ?? {};
  const input = useShape(id)?.sockets.find(({ type }) => type === "IMAGE")?.name;
  const file = useInputPicture(id, input);
  const { shown: below } = useShown(file ? [{ url: viewUrl(file), file }] : []);
  const w = below?.w ?? (Number(values.width) || SIDE);
  const h = below?.h ?? (Number(values.height) || SIDE);
  const drawing = typeof value === "string" && value.trim() ? viewUrl(fileRefOf(value)) : null;
  return (
    <div className="field-painter">
      <button
        type="button"
        aria-label={drawing ? t("Go on drawing: {label}", { label }) : t("Draw: {label}", { label })}
        disabled={disabled}
        onClick={() => draw(id, name)}
      >
        <svg viewBox={`0 0 ${w} ${h}`} aria-hidden>
          <rect
            width={w}
            height={h}
            fill={typeof values.bg_color === "string" ? values.bg_color : "#000000"}
          />
          {below && <image href={below.items[0]?.url} width={w} height={h} preserveAspectRatio="none" />}
          {drawing && <image href={drawing} width={w} height={h} preserveAspectRatio="none" />}
        </svg>
        <span>
          <Brush size={14} aria-hidden />
          {drawing ? t("Go on drawing") : t("Draw")}
        </span>
      </button>
      {!below && <PaperSize id={id} disabled={disabled} />}
    </div>
  );
}

/** Of the paper, where there is no picture. The node keeps it in inputs that are not shown otherwise. */
function PaperSize({ id, disabled }: { readonly id: NodeId; readonly disabled: boolean }) {
  const { doc } = useServices();
  const values = useNode(id)?.values ?? {};
  const widgets = useShape(id)?.widgets ?? [];
  return (
    <div className="painter-size">
      {SIDES.map((side) => {
        const spec = widgets.find((widget) => widget.name === side)?.spec;
        if (spec?.kind !== "int") return null;
        const gesture = `${id}.${side}`;
        return (
          <NumberWidget
            key={side}
            label={side}
            spec={spec}
            value={values[side] ?? spec.default}
            disabled={disabled}
            onChange={(next, merge) => setValue(doc, id, side, next, merge ? gesture : undefined)}
            onDone={() => doc.store.endMerge(gesture)}
            onCancel={() => doc.store.takeBack(gesture)}
          />
        );
      })}
    </div>
  );
}
