/** A rectangle in pixels: four numbers that belong together, and where it is a part of a picture, marked on that. */
import type { NodeId } from "../../graph/records";
import type { BoxSpec, IntSpec } from "../../graph/widgets";
import { within } from "../../lib/boxes";
import { isObject, type Json, type JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import { useInputPicture } from "../inputPicture";
import { useRun, useServices, useShape } from "../services";
import { useShown } from "../useShown";
import { CropArea } from "./CropArea";
import { NumberWidget } from "./NumberWidget";
import type { WidgetProps } from "./WidgetRow";

const PARTS = ["x", "y", "width", "height"] as const;
const LARGEST = 16384;

interface Props extends WidgetProps<BoxSpec> {
  readonly id: NodeId;
}

export function BoxWidget(props: Props) {
  const { label, spec, value, disabled, onChange, onDone, onCancel } = props;
  const standard: JsonObject = isObject(spec.default) ? spec.default : {};
  const box: JsonObject = isObject(value) ? value : standard;
  return (
    <fieldset className="field-box" aria-label={label} disabled={disabled}>
      {PARTS.map((part) => (
        <NumberWidget
          key={part}
          label={part}
          spec={partSpec(part, standard)}
          value={box[part] ?? null}
          disabled={disabled}
          onChange={(next, merge) => onChange({ ...box, [part]: next }, merge)}
          onDone={onDone}
          onCancel={onCancel}
        />
      ))}
      {spec.onPicture && <OnPicture {...props} box={box} />}
    </fieldset>
  );
}

function OnPicture(props: Props & { readonly box: JsonObject }) {
  const { id, label, box, disabled, onChange, onDone, onCancel } = props;
  const { viewUrl } = useServices();
  const input = useShape(id)?.sockets.find(({ type }) => type === "IMAGE")?.name;
  const incoming = useInputPicture(id, input);
  // The node itself tells of the picture that it was given.
  const [told] = useRun(id).images;
  const file = incoming ?? told;
  const { shown } = useShown(file ? [{ url: viewUrl(file), file }] : []);
  const url = shown?.items[0]?.url;
  if (!shown || !url) return <p className="crop-empty">{t("Run once to mark the part on the picture.")}</p>;
  const number = (of: Json | undefined) => Number(of) || 0;
  return (
    <CropArea
      label={label}
      url={url}
      extent={shown}
      box={within({ x: number(box.x), y: number(box.y), w: number(box.width), h: number(box.height) }, shown)}
      disabled={disabled}
      onChange={({ x, y, w, h }) => onChange({ ...box, x, y, width: w, height: h }, true)}
      onDone={onDone}
      onCancel={onCancel}
    />
  );
}

function partSpec(part: (typeof PARTS)[number], standard: JsonObject): IntSpec {
  const least = part === "x" || part === "y" ? 0 : 1;
  const given = standard[part];
  return {
    kind: "int",
    look: "field",
    default: typeof given === "number" ? given : least,
    min: least,
    max: LARGEST,
    step: 1,
  };
}
