/** Links by keyboard: everything that the node with the focus could be linked with, to be chosen by typing. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { possibleConnections } from "../../graph/connections";
import { connect } from "../../graph/edit";
import type { NodeId } from "../../graph/records";
import { announce } from "../../ui/announce";
import { FilterList } from "../../ui/FilterList";
import { anchorOf, Popover } from "../../ui/Popover";
import { useEditor } from "../context";

export function ConnectList() {
  const editor = useEditor();
  const { doc, engine } = editor;
  const [node, setNode] = useState<NodeId | null>(null);
  const close = useCallback(() => setNode(null), []);
  useEffect(() => editor.linksAsked.on(setNode), [editor]);
  const connections = useMemo(() => (node === null ? [] : possibleConnections(doc, node)), [doc, node]);
  const anchor = useMemo(() => {
    const shell = node === null ? undefined : engine?.shells.element(node);
    return shell ? { ...anchorOf(shell), h: 32 } : { x: 80, y: 80 };
  }, [engine, node]);
  if (node === null) return null;
  const items = connections.map(({ own, other, incoming }, i) => ({
    key: String(i),
    label: `${own} ${incoming ? "←" : "→"} ${other}`,
  }));
  return (
    <Popover anchor={anchor} width={380} onClose={close}>
      <FilterList
        items={items}
        label="Link"
        placeholder={`Link ${doc.shape(node)?.title ?? "node"} with…`}
        nothing="Nothing fits: add a node first"
        onPick={(item) => {
          const chosen = connections[Number(item.key)];
          close();
          if (chosen && connect(doc, chosen.from, chosen.to)) announce(`Linked ${item.label}`);
        }}
      />
    </Popover>
  );
}
