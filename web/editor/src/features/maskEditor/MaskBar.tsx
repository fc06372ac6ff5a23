import {
  Brush,
  Contrast,
  Eraser,
  Hand,
  Lasso,
  PaintBucket,
  Redo2,
  Scan,
  SquareCheckBig,
  SquareDashed,
  Trash2,
  Undo2,
  X,
} from "lucide-react";
import { type ComponentType, useEffect, useReducer } from "react";
import { Button } from "../../ui/Button";
import type { MaskCanvas } from "./MaskCanvas";
import { LARGEST_BRUSH, type Settings, START, TOOLS, type ToolName } from "./tools";

const ICONS: Readonly<Record<ToolName, ComponentType<{ size: number; "aria-hidden": true }>>> = {
  brush: Brush,
  eraser: Eraser,
  rectangle: SquareDashed,
  lasso: Lasso,
  fill: PaintBucket,
  pan: Hand,
};

interface Props {
  /** Null until the picture is there. */
  readonly canvas: MaskCanvas | null;
  readonly busy: boolean;
  /** There are strokes that would be lost: the person is asked. */
  readonly leaving: boolean;
  readonly onSave: () => void;
  readonly onLeave: () => void;
  readonly onStay: () => void;
}

export function MaskBar({ canvas, busy, leaving, onSave, onLeave, onStay }: Props) {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => canvas?.changed.on(render), [canvas]);
  const settings = canvas?.settings ?? START;
  const paints = settings.tool === "brush" || settings.tool === "eraser";
  return (
    <div className="mask-bar" role="toolbar" aria-label="Mask">
      <div className="mask-tools" role="radiogroup" aria-label="Tool">
        {TOOLS.map(({ name, label, key }) => {
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
              aria-label={label}
              title={`${label} (${key})`}
              onClick={() => canvas?.set({ tool: name })}
            >
              <Icon size={16} aria-hidden />
            </button>
          );
        })}
      </div>
      {paints && (
        <Dial canvas={canvas} settings={settings} name="size" label="Size" max={LARGEST_BRUSH} unit=" px" />
      )}
      {paints && (
        <Dial canvas={canvas} settings={settings} name="hardness" label="Hardness" max={1} unit=" %" />
      )}
      {settings.tool !== "pan" && (
        <Dial canvas={canvas} settings={settings} name="opacity" label="Opacity" max={1} unit=" %" />
      )}
      {settings.tool === "fill" && (
        <Dial canvas={canvas} settings={settings} name="tolerance" label="Tolerance" max={255} unit="" />
      )}
      <div className="mask-tools">
        <Button
          label="Undo"
          disabled={!canvas?.canUndo}
          icon={<Undo2 size={16} aria-hidden />}
          onClick={() => canvas?.undo()}
        />
        <Button
          label="Redo"
          disabled={!canvas?.canRedo}
          icon={<Redo2 size={16} aria-hidden />}
          onClick={() => canvas?.redo()}
        />
        <Button label="Invert" icon={<Contrast size={16} aria-hidden />} onClick={() => canvas?.invert()} />
        <Button
          label="Mask everything"
          icon={<SquareCheckBig size={16} aria-hidden />}
          onClick={() => canvas?.fill()}
        />
        <Button label="Clear" icon={<Trash2 size={16} aria-hidden />} onClick={() => canvas?.clear()} />
        <Button label="Fit view" icon={<Scan size={16} aria-hidden />} onClick={() => canvas?.view.fit()} />
      </div>
      <span className="mask-zoom">{canvas ? `${Math.round(canvas.view.zoom * 100)} %` : "Loading"}</span>
      <span className="mask-space" />
      {leaving ? (
        <span className="mask-leave" role="alert">
          Discard the mask?
          <Button kind="plain" onClick={onLeave}>
            Discard
          </Button>
          <Button kind="plain" onClick={onStay}>
            Keep editing
          </Button>
        </span>
      ) : (
        <>
          <Button kind="primary" disabled={!canvas || busy} onClick={onSave}>
            Save mask
          </Button>
          <Button label="Close" icon={<X size={16} aria-hidden />} onClick={onLeave} />
        </>
      )}
    </div>
  );
}

interface DialProps {
  readonly canvas: MaskCanvas | null;
  readonly settings: Settings;
  readonly name: Exclude<keyof Settings, "tool">;
  readonly label: string;
  readonly max: number;
  readonly unit: string;
}

function Dial({ canvas, settings, name, label, max, unit }: DialProps) {
  const value = settings[name];
  const percent = max === 1;
  return (
    <label className="mask-dial">
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
