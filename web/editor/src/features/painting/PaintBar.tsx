import {
  Brush,
  Contrast,
  Eraser,
  Hand,
  Lasso,
  PaintBucket,
  Pipette,
  Redo2,
  Scan,
  SquareCheckBig,
  SquareDashed,
  Trash2,
  Undo2,
  X,
} from "lucide-react";
import { type ComponentType, useEffect, useReducer } from "react";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { hexOf } from "./layers";
import type { PaintCanvas } from "./PaintCanvas";
import { TINT_LABELS, TINTS, type TintName } from "./tints";
import { LARGEST_BRUSH, type Settings, START, type ToolName, toolsFor } from "./tools";

const ICONS: Readonly<Record<ToolName, ComponentType<{ size: number; "aria-hidden": true }>>> = {
  brush: Brush,
  eraser: Eraser,
  rectangle: SquareDashed,
  lasso: Lasso,
  fill: PaintBucket,
  pick: Pipette,
  pan: Hand,
};

interface Props {
  /** Null until the picture is there. */
  readonly canvas: PaintCanvas | null;
  /** On the button that keeps what was painted. */
  readonly verb: string;
  readonly busy: boolean;
  /** There are strokes that would be lost: the person is asked. */
  readonly leaving: boolean;
  readonly onSave: () => void;
  readonly onLeave: () => void;
  readonly onStay: () => void;
}

export function PaintBar({ canvas, verb, busy, leaving, onSave, onLeave, onStay }: Props) {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => canvas?.changed.on(render), [canvas]);
  const settings = canvas?.settings ?? START;
  const drawing = canvas?.isDrawing === true;
  const paints = settings.tool === "brush" || settings.tool === "eraser";
  return (
    <div className="paint-bar" role="toolbar" aria-label={t("Painting")}>
      <div className="paint-tools" role="radiogroup" aria-label={t("Tool")}>
        {toolsFor(drawing).map(({ name, label, key }) => {
          const Icon = ICONS[name];
          return (
            // biome-ignore lint/a11y/useSemanticElements: looks and works as a button of the bar
            <button
              key={name}
              type="button"
              className="button"
              data-icon
              role="radio"
              aria-checked={settings.tool === name}
              aria-label={label()}
              title={`${label()} (${key})`}
              onClick={() => canvas?.set({ tool: name })}
            >
              <Icon size={16} aria-hidden />
            </button>
          );
        })}
      </div>
      {paints && (
        <Dial
          canvas={canvas}
          settings={settings}
          name="size"
          label={t("Size")}
          max={LARGEST_BRUSH}
          unit=" px"
        />
      )}
      {paints && (
        <Dial canvas={canvas} settings={settings} name="hardness" label={t("Hardness")} max={1} unit=" %" />
      )}
      {settings.tool !== "pan" && settings.tool !== "pick" && (
        <Dial canvas={canvas} settings={settings} name="opacity" label={t("Opacity")} max={1} unit=" %" />
      )}
      {settings.tool === "fill" && (
        <Dial canvas={canvas} settings={settings} name="tolerance" label={t("Tolerance")} max={255} unit="" />
      )}
      {canvas && (drawing ? <Ink canvas={canvas} /> : <Tint canvas={canvas} />)}
      <div className="paint-tools">
        <Button
          label={t("Undo")}
          disabled={!canvas?.canUndo}
          icon={<Undo2 size={16} aria-hidden />}
          onClick={() => canvas?.undo()}
        />
        <Button
          label={t("Redo")}
          disabled={!canvas?.canRedo}
          icon={<Redo2 size={16} aria-hidden />}
          onClick={() => canvas?.redo()}
        />
        {!drawing && (
          <Button
            label={t("Invert")}
            icon={<Contrast size={16} aria-hidden />}
            onClick={() => canvas?.invert()}
          />
        )}
        <Button
          label={drawing ? t("Fill everything") : t("Mask everything")}
          icon={<SquareCheckBig size={16} aria-hidden />}
          onClick={() => canvas?.fill()}
        />
        <Button label={t("Clear")} icon={<Trash2 size={16} aria-hidden />} onClick={() => canvas?.clear()} />
        <Button
          label={t("Fit view")}
          icon={<Scan size={16} aria-hidden />}
          onClick={() => canvas?.view.fit()}
        />
      </div>
      <span className="paint-zoom">{canvas ? `${Math.round(canvas.view.zoom * 100)} %` : t("Loading")}</span>
      <span className="paint-space" />
      {leaving ? (
        <span className="paint-leave" role="alert">
          {drawing ? t("Discard the drawing?") : t("Discard the mask?")}
          <Button kind="plain" onClick={onLeave}>
            {t("Discard")}
          </Button>
          <Button kind="plain" onClick={onStay}>
            {t("Keep editing")}
          </Button>
        </span>
      ) : (
        <span className="paint-leave">
          <Button kind="primary" disabled={!canvas || busy} onClick={onSave}>
            {verb}
          </Button>
          <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onLeave} />
        </span>
      )}
    </div>
  );
}

interface DialProps {
  readonly canvas: PaintCanvas | null;
  readonly settings: Settings;
  readonly name: "size" | "hardness" | "opacity" | "tolerance";
  readonly label: string;
  readonly max: number;
  readonly unit: string;
}

function Dial({ canvas, settings, name, label, max, unit }: DialProps) {
  const value = settings[name];
  const percent = max === 1;
  return (
    <label className="paint-dial">
      <span>{label}</span>
      <input
        type="range"
        min={name === "size" ? 1 : 0}
        max={max}
        step={percent ? 0.01 : 1}
        value={value}
        aria-label={label}
        onChange={(e) => canvas?.set({ [name]: Number(e.target.value) })}
      />
      <output>{`${percent ? Math.round(value * 100) : Math.round(value)}${unit}`}</output>
    </label>
  );
}

/** What a drawing is made in. */
function Ink({ canvas }: { readonly canvas: PaintCanvas }) {
  return (
    <label className="paint-dial">
      <span>{t("Colour")}</span>
      <input
        type="color"
        aria-label={t("Colour")}
        value={canvas.settings.color}
        onChange={(e) => canvas.set({ color: e.target.value })}
      />
    </label>
  );
}

/** In which colour the mask is seen; it changes nothing of the mask. */
function Tint({ canvas }: { readonly canvas: PaintCanvas }) {
  return (
    <label className="paint-dial">
      <span>{t("Tint")}</span>
      <span className="paint-swatch" style={{ background: hexOf(TINTS[canvas.tint]) }} />
      <select
        aria-label={t("Tint")}
        value={canvas.settings.tint}
        onChange={(e) => canvas.set({ tint: e.target.value as TintName | "auto" })}
      >
        <option value="auto">{t("Automatic")}</option>
        {Object.keys(TINTS).map((name) => (
          <option key={name} value={name}>
            {TINT_LABELS[name as TintName]()}
          </option>
        ))}
      </select>
    </label>
  );
}
