/** A picture, or empty paper, to mark boxes on, in its pixels. Says what of which box a press takes hold of. */
import { type PointerEvent, type ReactNode, useRef } from "react";
import type { Extent } from "../../lib/boxes";
import type { Point } from "../../lib/geometry";
import { follow } from "./follow";

export interface Hold {
  readonly at: Point;
  /** An edge, a corner, or "move"; undefined: none of any box. */
  readonly grip: string | undefined;
  /** Of the box that was pressed, where there are several. */
  readonly index: number | undefined;
}

interface Props {
  readonly label: string;
  readonly extent: Extent;
  readonly url: string | undefined;
  readonly disabled: boolean;
  /** Answers what follows the pointer from there. */
  readonly onHold: (hold: Hold) => (at: Point, keepsRatio: boolean) => void;
  readonly onDone: () => void;
  readonly onCancel: () => void;
  readonly children: ReactNode;
}

export function BoxArea({
  label,
  extent: { w, h },
  url,
  disabled,
  onHold,
  onDone,
  onCancel,
  children,
}: Props) {
  const area = useRef<SVGSVGElement>(null);
  const placeOf = ({ clientX, clientY }: { clientX: number; clientY: number }): Point =>
    new DOMPoint(clientX, clientY).matrixTransform(area.current?.getScreenCTM()?.inverse());

  const press = (e: PointerEvent<SVGSVGElement>) => {
    if (e.button !== 0 || disabled) return;
    const nearest = (mark: string) => (e.target as Element).closest<SVGElement>(`[data-${mark}]`)?.dataset;
    const index = nearest("box")?.box;
    onDone();
    const drag = onHold({
      at: placeOf(e),
      grip: nearest("grip")?.grip,
      index: index === undefined ? undefined : Number(index),
    });
    follow(e, { move: (to) => drag(placeOf(to), to.shiftKey), up: onDone, cancel: onCancel });
  };
  return (
    <svg ref={area} className="box-area" viewBox={`0 0 ${w} ${h}`} onPointerDown={press}>
      <title>{label}</title>
      <rect className="box-paper" width={w} height={h} />
      {url && <image href={url} width={w} height={h} preserveAspectRatio="none" />}
      {children}
    </svg>
  );
}
