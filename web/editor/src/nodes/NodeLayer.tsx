/** Puts a view into every shell that the canvas has mounted. Renders when the set of shells changes, not when they move. */
import { Component, type ReactNode, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import type { NodeId } from "../graph/records";
import { t } from "../lib/t";
import { NodeView } from "./NodeView";
import { useServices } from "./services";

export function NodeLayer() {
  const { engine } = useServices();
  const shells = useSyncExternalStore(engine.shells.changed.on, () => engine.shells.visible);
  return shells.map(([id, element]) =>
    createPortal(
      <NodeBoundary id={id}>
        <NodeView id={id} />
      </NodeBoundary>,
      element,
      id,
    ),
  );
}

/** One broken node never takes the page with it. */
class NodeBoundary extends Component<
  { readonly id: NodeId; readonly children: ReactNode },
  { failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    console.error(`Node ${this.props.id} cannot be drawn`, error);
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <div className="node node-broken">{t("This node cannot be drawn. Its data is safe.")}</div>;
  }
}
