/**
 * A curve from 0..1 to 0..1 through points. Drag a point, press the empty plot to add one, Delete or a double click takes
 * one away; the arrow keys move the one with the focus.
 */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import type { CurveSpec } from "../../graph/widgets";
import { clamp, type Point } from "../../lib/geometry";
import { isArray, isObject, type Json, type JsonObject } from "../../lib/json";
import { monotoneCubic, piecewiseLinear } from "../../lib/monotoneCubic";
import { t } from "../../lib/t";
import { follow } from "./follow";
import type { WidgetProps } from "./WidgetRow";

const STRAIGHT: readonly Point[] = [
  { x: 0, y: 0 },
  { x: 1, y: 1 },
];
const SAMPLES = 64;
const NUDGE = 0.01;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -NUDGE, y: 0 },
  ArrowRight: { x: NUDGE, y: 0 },
  ArrowUp: { x: 0, y: NUDGE },
  ArrowDown: { x: 0, y: -NUDGE },
};

export function CurveWidget(props: WidgetProps<CurveSpec>) {
  const { label, value, disabled, onChange, onDone, onCancel } = props;
  const plot = useRef<SVGSVGElement>(null);
  const { points, linear, rest } = readCurve(value);
  const write = (next: readonly Point[], merge = false, straight = linear) =>
    onChange(writeCurve(rest, next, straight), merge);
  const put = (i: number, to: Point, of = points) => write(moved(of, i, to), true);
  const remove = (i: number) => points.length > 2 && write(points.filter((_, at) => at !== i));

  const place = (e: { readonly clientX: number; readonly clientY: number }): Point => {
    const box = (plot.current as SVGSVGElement).getBoundingClientRect();
    const part = (at: number, size: number) => clamp(Math.round((at / size) * 1000) / 1000, 0, 1);
    return { x: part(e.clientX - box.left, box.width), y: 1 - part(e.clientY - box.top, box.height) };
  };
  const press = (e: PointerEvent<SVGSVGElement>) => {
    if (e.button !== 0 || disabled) return;
    const at = place(e);
    const target = (e.target as Element).closest<SVGElement>("[data-point]")?.dataset.point;
    const i = target === undefined ? points.filter((point) => point.x <= at.x).length : Number(target);
    const held = target === undefined ? [...points.slice(0, i), at, ...points.slice(i)] : points;
    onDone();
    if (held !== points) write(held, true);
    follow(e, { move: (to) => put(i, place(to), held), up: onDone, cancel: onCancel });
  };
  const key = (e: KeyboardEvent, i: number) => {
    const by = ARROWS[e.key];
    const point = points[i] as Point;
    if (by) put(i, { x: point.x + by.x, y: point.y + by.y });
    else if (e.key === "Delete" || e.key === "Backspace") remove(i);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <fieldset className="field-curve" aria-label={label} disabled={disabled}>
      <svg ref={plot} viewBox="0 0 1 1" preserveAspectRatio="none" onPointerDown={press}>
        <title>{label}</title>
        <path className="curve-grid" d="M.25 0V1M.5 0V1M.75 0V1M0 .25H1M0 .5H1M0 .75H1" />
        <path className="curve-line" d={path(points, linear)} />
        {points.map((point, i) => (
          <g
            // biome-ignore lint/suspicious/noArrayIndexKey: a point is its place in the order
            key={i}
            data-point={i}
            role="slider"
            tabIndex={disabled ? -1 : 0}
            aria-label={t("Point {number} of {count}", { number: i + 1, count: points.length })}
            aria-valuenow={point.y}
            aria-valuetext={`${point.x.toFixed(2)}, ${point.y.toFixed(2)}`}
            onKeyDown={(e) => key(e, i)}
            onDoubleClick={() => remove(i)}
            onBlur={onDone}
          >
            <path className="curve-hit" d={dot(point)} />
            <path className="curve-point" d={dot(point)} />
          </g>
        ))}
      </svg>
      <span className="curve-foot">
        <span className="field-label">{label}</span>
        <button type="button" onClick={() => write(points, false, !linear)}>
          {linear ? t("Straight") : t("Smooth")}
        </button>
        <button type="button" onClick={() => write(STRAIGHT)}>
          {t("Reset")}
        </button>
      </span>
    </fieldset>
  );
}

interface Curve {
  readonly points: readonly Point[];
  readonly linear: boolean;
  /** Members that are not ours. */
  readonly rest: JsonObject;
}

/** As an object, or as the bare list of points that older files have. */
function readCurve(value: Json): Curve {
  const rest = isObject(value) ? value : {};
  const list = isArray(value) ? value : isArray(rest.points) ? rest.points : [];
  const points = list
    .filter(isArray)
    .map(([x, y]) => ({ x: clamp(Number(x), 0, 1), y: clamp(Number(y), 0, 1) }))
    .filter(({ x, y }) => !Number.isNaN(x + y))
    .sort((a, b) => a.x - b.x);
  return { points: points.length >= 2 ? points : STRAIGHT, linear: rest.interpolation === "linear", rest };
}

function writeCurve(rest: JsonObject, points: readonly Point[], linear: boolean): Json {
  return {
    ...rest,
    points: points.map(({ x, y }) => [x, y]),
    interpolation: linear ? "linear" : "monotone_cubic",
  };
}

/** A point stays between its neighbours. */
function moved(points: readonly Point[], i: number, { x, y }: Point): Point[] {
  const [low, high] = [points[i - 1]?.x ?? 0, points[i + 1]?.x ?? 1];
  const to = { x: clamp(round(x), low, high), y: clamp(round(y), 0, 1) };
  return points.map((point, at) => (at === i ? to : point));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A line of no length: its round ends are the dot, which stays round however the plot is stretched. */
function dot({ x, y }: Point): string {
  return `M${x} ${1 - y}h0`;
}

function path(points: readonly Point[], linear: boolean): string {
  const at = (linear ? piecewiseLinear : monotoneCubic)(points);
  const xs = [
    ...Array.from({ length: SAMPLES + 1 }, (_, i) => i / SAMPLES),
    ...points.map((point) => point.x),
  ];
  return xs
    .sort((a, b) => a - b)
    .map((x, i) => `${i ? "L" : "M"}${x.toFixed(4)} ${(1 - at(x)).toFixed(4)}`)
    .join("");
}
