import type { CSSProperties } from "react";
import type { NodeProblem } from "../api/types";
import { GAP, type NodeLayout, ROW, shownWidgets } from "../canvas/nodeLayout";
import { typeVariable } from "../canvas/typeColors";
import type { NodeShape } from "../graph/nodeShape";
import type { NodeId } from "../graph/records";
import { useServices } from "./services";

interface Props {
  readonly id: NodeId;
  readonly shape: NodeShape;
  readonly layout: NodeLayout;
  readonly problems: readonly NodeProblem[];
}

/** Sockets at the left, outputs at the right, on the same rows; then the small sockets of widgets. */
export function Slots({ id, shape, layout, problems }: Props) {
  const { doc } = useServices();
  const wrong = new Set(problems.map((problem) => problem.input));
  const linkedOutputs = new Set(doc.linksFrom(id).map((link) => link.output));
  const { collapsed } = layout;
  return (
    <>
      {shape.sockets.map((socket, row) => (
        <Slot
          key={socket.name}
          side="in"
          top={layout.inputs.get(socket.name)?.y ?? 0}
          type={socket.type}
          linked={doc.linkInto(id, socket.name) !== undefined}
          optional={socket.optional}
          wrong={wrong.has(socket.name)}
          label={collapsed ? "" : socket.label}
          row={row}
        />
      ))}
      {shape.outputs.map((output, row) => (
        <Slot
          key={output.index}
          side="out"
          top={layout.outputs[output.index]?.y ?? 0}
          type={output.type}
          linked={linkedOutputs.has(output.index)}
          optional={false}
          isList={output.isList}
          wrong={false}
          label={collapsed ? "" : output.label}
          row={row}
        />
      ))}
      {shownWidgets(shape)
        .filter((widget) => widget.socket)
        .map((widget) => (
          <Slot
            key={widget.name}
            side="in"
            small
            top={layout.inputs.get(widget.name)?.y ?? 0}
            type={widget.type}
            linked={doc.linkInto(id, widget.name) !== undefined}
            optional
            wrong={false}
            label=""
            name={widget.label}
            row={0}
          />
        ))}
    </>
  );
}

interface SlotProps {
  readonly side: "in" | "out";
  readonly top: number;
  readonly type: string;
  readonly linked: boolean;
  readonly optional: boolean;
  readonly wrong: boolean;
  readonly label: string;
  readonly row: number;
  readonly isList?: boolean;
  /** The socket of a widget: seen when linked or when the pointer is on the node. */
  readonly small?: boolean;
  /** What it is called where no label is shown. */
  readonly name?: string;
}

function Slot({ side, top, type, linked, optional, wrong, label, row, isList, small, name }: SlotProps) {
  const color = { "--slot": `var(${typeVariable(type)})` } as CSSProperties;
  return (
    <>
      <span
        className="slot"
        data-side={side}
        data-linked={linked || undefined}
        data-optional={optional || undefined}
        data-list={isList || undefined}
        data-small={small || undefined}
        data-wrong={wrong || undefined}
        style={{ ...color, top }}
        title={`${label || name || type} · ${type}`}
      />
      {label && (
        <span
          className="slot-label"
          data-side={side}
          data-wrong={wrong || undefined}
          style={{ top: GAP + ROW * row }}
        >
          {label}
        </span>
      )}
    </>
  );
}
