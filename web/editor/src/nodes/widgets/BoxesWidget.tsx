/**
 * Boxes on a picture or an empty canvas, each with what is to be there. Draw one, drag it or its grips; Delete takes the
 * chosen one away. The canvas has the node's own width and height, and boxes are in its pixels.
 */
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { NodeId } from "../../graph/records";
import type { BoxesSpec } from "../../graph/widgets";
import { boxBetween, type Drag, dragOf, type Extent, within } from "../../lib/boxes";
import type { Rect } from "../../lib/geometry";
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import { useInputPicture } from "../inputPicture";
import { useNode, useServices, useShape } from "../services";
import { useShown } from "../useShown";
import { BoxArea, type Hold } from "./BoxArea";
import { BoxDetails } from "./BoxDetails";
import { BoxMark } from "./BoxMark";
import { readColor } from "./ColorWidget";
import type { WidgetProps } from "./WidgetRow";

const SIDE = 1024;

interface Props extends WidgetProps<BoxesSpec> {
  readonly id: NodeId;
}

export function BoxesWidget({ id, label, value, disabled, onChange, onDone, onCancel }: Props) {
  const boxes = (isArray(value) ? value : []).filter(isObject);
  const [chosen, setChosen] = useState(0);
  const canvas = useCanvas(id);
  const { w, h } = canvas;
  const box = boxes[chosen];

  const write = (index: number, change: JsonObject, merge = false) => {
    const changed = { ...boxes[index], ...change };
    onChange(
      index < boxes.length ? boxes.map((old, i) => (i === index ? changed : old)) : [...boxes, changed],
      merge,
    );
  };
  const put = (index: number, rect: Rect) =>
    write(index, { x: rect.x, y: rect.y, width: rect.w, height: rect.h }, true);
  const remove = (index: number) => onChange(boxes.filter((_, i) => i !== index));
  const add = () => {
    write(boxes.length, {
      x: Math.round(w / 4),
      y: Math.round(h / 4),
      width: Math.round(w / 2),
      height: Math.round(h / 2),
    });
    setChosen(boxes.length);
  };

  const hold = ({ at: start, grip, index = boxes.length }: Hold) => {
    const rect = boxes[index] && rectOf(boxes[index], canvas);
    const to: Drag = rect && grip ? dragOf(grip, start, rect, canvas) : (at) => boxBetween(start, at, canvas);
    setChosen(index);
    return (...pointer: Parameters<Drag>) => put(index, to(...pointer));
  };
  const area = { label, extent: canvas, url: canvas.url, disabled, onDone, onCancel };
  return (
    <fieldset className="field-boxes" aria-label={label} disabled={disabled}>
      <BoxArea {...area} onHold={hold}>
        {boxes.map((one, i) => (
          <BoxMark
            // biome-ignore lint/suspicious/noArrayIndexKey: a box is its place in the list
            key={i}
            index={i}
            label={t("Box {number} of {count}", { number: i + 1, count: boxes.length })}
            box={rectOf(one, canvas)}
            extent={canvas}
            disabled={disabled}
            quiet={i !== chosen}
            color={colorOf(one)}
            onChange={(rect) => put(i, rect)}
            onDone={onDone}
            onFocus={() => setChosen(i)}
            onRemove={() => remove(i)}
          />
        ))}
      </BoxArea>
      <div className="boxes-tools">
        <span className="field-label">
          {box ? t("Box {number} of {count}", { number: chosen + 1, count: boxes.length }) : t("Draw a box")}
        </span>
        <button type="button" aria-label={t("Add a box")} title={t("Add a box")} onClick={add}>
          <Plus size={14} aria-hidden />
        </button>
        <button
          type="button"
          aria-label={t("Remove the box")}
          title={`${t("Remove the box")} (Delete)`}
          disabled={disabled || !box}
          onClick={() => remove(chosen)}
        >
          <Trash2 size={14} aria-hidden />
        </button>
      </div>
      <BoxDetails
        key={chosen}
        box={box}
        disabled={disabled}
        onChange={(metadata, merge) => write(chosen, { metadata }, merge)}
        onDone={onDone}
      />
    </fieldset>
  );
}

/** As large as the node says, or as the picture that comes in. */
function useCanvas(id: NodeId): Extent & { readonly url: string | undefined } {
  const { viewUrl } = useServices();
  const values = useNode(id)?.values ?? {};
  const input = useShape(id)?.sockets.find(({ type }) => type === "IMAGE")?.name;
  const file = useInputPicture(id, input);
  const { shown } = useShown(file ? [{ url: viewUrl(file), file }] : []);
  return {
    w: Number(values.width) || shown?.w || SIDE,
    h: Number(values.height) || shown?.h || SIDE,
    url: shown?.items[0]?.url,
  };
}

function rectOf({ x, y, width, height }: JsonObject, canvas: Extent): Rect {
  const number = (of: Json | undefined) => Number(of) || 0;
  return within({ x: number(x), y: number(y), w: number(width), h: number(height) }, canvas);
}

/** The first of its colours. */
function colorOf({ metadata }: JsonObject): string | undefined {
  const [first] = isObject(metadata) && isArray(metadata.palette) ? metadata.palette : [];
  return typeof first === "string" ? (readColor(first) ?? undefined) : undefined;
}
