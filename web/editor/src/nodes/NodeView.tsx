/** One node in view. Places come from the layout, so that the links on the canvas meet the slots. */
import { type CSSProperties, type KeyboardEvent, memo } from "react";
import { type Direction, neighbour } from "../canvas/keyboardNav";
import { shownWidgets } from "../canvas/nodeLayout";
import { controlOf } from "../graph/controls";
import { setCollapsed } from "../graph/edit";
import { Mode, type NodeId, type NodeRecord } from "../graph/records";
import { t } from "../lib/t";
import { NodeTitle } from "./NodeTitle";
import { PackLayer } from "./PackLayer";
import { Preview } from "./Preview";
import type { NodeRun } from "./runStatus";
import { Slots } from "./Slots";
import { useLayout, useNode, useRun, useSelected, useServices, useShape } from "./services";
import { WidgetRow } from "./widgets/WidgetRow";

const FIRST_CONTROL = '[data-widget] :is([tabindex="0"], textarea, input, button:not([tabindex="-1"]))';

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

export const NodeView = memo(function NodeView({ id }: { readonly id: NodeId }) {
  const { doc, engine, selection } = useServices();
  const node = useNode(id);
  const shape = useShape(id);
  const layout = useLayout(id);
  const run = useRun(id);
  const selected = useSelected(id);
  if (!node || !shape || !layout) return null;

  const tint = node.bgcolor ?? node.color;
  const key = (e: KeyboardEvent<HTMLElement>) => {
    const onNode = e.target === e.currentTarget;
    if (e.key === "Escape" && !onNode) e.currentTarget.focus();
    if (!onNode || e.ctrlKey || e.metaKey || e.altKey) return;
    const direction = ARROWS[e.key];
    const next = direction && neighbour(doc, engine.scene, id, direction);
    if (next) engine.focusNode(next);
    else if (e.key === "Enter") {
      const control = e.currentTarget.querySelector<HTMLElement>(FIRST_CONTROL);
      if (control) control.focus();
      else if (shape.status === "subgraph") doc.goTo([...doc.path, id]);
    } else if (e.key === "F2") engine.renaming.begin({ kind: "node", id });
    else return;
    e.preventDefault();
  };

  // When it is let go: held, it moves the view.
  const keyUp = (e: KeyboardEvent<HTMLElement>) => {
    if (e.key === " " && e.target === e.currentTarget) selection.toggle(id);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a layout of its own
    <div
      className="node"
      data-node-root
      data-state={run.state}
      data-status={shape.status}
      data-mode={modeName(node)}
      data-selected={selected || undefined}
      data-collapsed={node.collapsed || undefined}
      data-tinted={tint !== null || undefined}
      style={tint === null ? undefined : ({ "--tint": tint } as CSSProperties)}
      data-failed={run.problems.length > 0 || undefined}
      role="group"
      aria-label={describe(doc, node, shape.title, run)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a node is a stop of the keyboard on the canvas
      tabIndex={0}
      onKeyDown={key}
      onKeyUp={keyUp}
      onFocus={(e) =>
        e.target === e.currentTarget &&
        !selection.has(id) &&
        e.currentTarget.matches(":focus-visible") &&
        selection.set([id])
      }
    >
      <NodeTitle
        id={id}
        title={shape.title}
        className={node.type}
        collapsed={node.collapsed}
        status={shape.status}
        mode={modeName(node)}
        pinned={node.pinned}
        run={run}
        onCollapse={() => setCollapsed(doc, id, !node.collapsed)}
      />
      {run.state === "running" && <ProgressBar progress={run.progress} />}
      <Slots id={id} shape={shape} layout={layout} problems={run.problems} />
      {!node.collapsed &&
        shownWidgets(shape).map((widget) => {
          const band = layout.widgets.get(widget.name);
          return (
            band && (
              <WidgetRow
                key={widget.name}
                id={id}
                widget={widget}
                value={node.values[widget.name] ?? widget.spec.default}
                control={widget.spec.control && controlOf(doc, id, widget.name)}
                linked={doc.linkInto(id, widget.name) !== undefined}
                wrong={run.problems.some((problem) => problem.input === widget.name)}
                top={band.y}
                height={band.h}
              />
            )
          );
        })}
      <Preview id={id} band={layout.preview} node={node} shape={shape} run={run} />
      {layout.note && (
        <p className="node-note" style={{ top: layout.note.y }} title={run.log.join("\n")} role="note">
          {run.log.at(-1)}
        </p>
      )}
      <PackLayer id={id} />
      {layout.error && <ErrorStrip id={id} run={run} top={layout.error.y} />}
    </div>
  );
});

function ProgressBar({ progress }: { readonly progress: number | null }) {
  const percent = progress === null ? undefined : Math.round(progress * 100);
  return (
    <div
      className="node-progress"
      role="progressbar"
      aria-label={t("Progress")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}

function ErrorStrip({ id, run, top }: { readonly id: NodeId; readonly run: NodeRun; readonly top: number }) {
  const { showProblems } = useServices();
  const text = run.problems
    .map(({ message, details }) => (details ? `${message}: ${details}` : message))
    .join(" · ");
  return (
    <button
      type="button"
      className="node-error"
      style={{ top }}
      title={text}
      onClick={() => showProblems(id)}
    >
      {text}
    </button>
  );
}

const STATES = {
  running: () => t("running"),
  done: () => t("done"),
  cached: () => t("cached"),
  error: () => t("error"),
} as const;

function modeName(node: NodeRecord): "muted" | "bypassed" | undefined {
  return node.mode === Mode.muted ? "muted" : node.mode === Mode.bypassed ? "bypassed" : undefined;
}

function describe(
  doc: { nodes(): Iterable<NodeRecord> },
  node: NodeRecord,
  title: string,
  run: NodeRun,
): string {
  const all = [...doc.nodes()];
  const at = all.findIndex((other) => other.id === node.id);
  const parts = [title, t("{value} of {max}", { value: at + 1, max: all.length })];
  const mode = modeName(node);
  if (mode) parts.push(mode === "muted" ? t("Muted") : t("Bypassed"));
  const [problem] = run.problems;
  if (problem) parts.push(t("error: {message}", { message: problem.message }));
  else if (run.state !== "idle") parts.push(STATES[run.state]());
  return parts.join(", ");
}
