import { useCallback, useEffect, useMemo, useState } from "react";
import type { NodeOffer } from "../../canvas/Engine";
import { FilterList } from "../../ui/FilterList";
import { Popover } from "../../ui/Popover";
import { useEditor } from "../context";
import { addLinked, allDefs, fittingDefs } from "./matching";

/** Opens where the canvas was double-clicked or a link was dropped; what is picked appears there. */
export function NodeSearch() {
  const { doc, engine, selection } = useEditor();
  const [offer, setOffer] = useState<NodeOffer | null>(null);
  const close = useCallback(() => setOffer(null), []);
  useEffect(() => engine?.nodesOffered.on(setOffer), [engine]);

  const items = useMemo(() => {
    if (!offer) return [];
    const defs = allDefs(doc.defs);
    return (offer.end ? fittingDefs(defs, offer.end) : defs).map((def) => ({
      key: def.type,
      label: def.title,
      hint: def.pack || def.category.split("/").slice(-2).join(" / "),
      words: [def.type, ...def.aliases].join(" "),
    }));
  }, [doc, offer]);

  if (!offer) return null;
  const { end, world, page } = offer;
  const wanted = end && (end.kind === "output" ? `that takes ${end.type}` : `that makes ${end.type}`);
  return (
    <Popover anchor={page} width={380} onClose={close}>
      <FilterList
        items={items}
        label="Add node"
        placeholder={wanted ? `Add a node ${wanted}` : "Add node"}
        nothing="No node of this name"
        onPick={(item) => {
          close();
          const id = addLinked(doc, item.key, world, end);
          selection.set([id]);
          engine?.focusNode(id);
        }}
      />
    </Popover>
  );
}
