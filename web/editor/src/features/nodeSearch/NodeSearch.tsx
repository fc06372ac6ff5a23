import { useCallback, useEffect, useMemo, useState } from "react";
import { addBlueprint, type Blueprint, listBlueprints } from "../../actions/blueprints";
import type { NodeOffer } from "../../canvas/requests";
import { t } from "../../lib/t";
import { announce } from "../../ui/announce";
import { FilterList } from "../../ui/FilterList";
import { Popover } from "../../ui/Popover";
import { useEditor } from "../context";
import { addLinked, allDefs, familiarFirst, fittingDefs, fittingSubgraphs } from "./matching";
import { recentTypes, rememberType } from "./recent";

function wanted(end: NodeOffer["end"]): string {
  if (!end) return t("Add node");
  const { kind, type } = end;
  return kind === "output"
    ? t("Add a node that takes {type}", { type })
    : t("Add a node that makes {type}", { type });
}

/** Opens where the canvas was double-clicked or a link was dropped; what is picked appears there. */
export function NodeSearch() {
  const editor = useEditor();
  const { doc, engine, selection, api } = editor;
  const [offer, setOffer] = useState<NodeOffer | null>(null);
  const [blueprints, setBlueprints] = useState<readonly Blueprint[]>([]);
  const isOpen = offer !== null;
  useEffect(() => {
    if (isOpen) listBlueprints(api).then(setBlueprints, () => setBlueprints([]));
  }, [api, isOpen]);
  const close = useCallback(() => setOffer(null), []);
  useEffect(() => engine?.nodesOffered.on(setOffer), [engine]);

  const items = useMemo(() => {
    if (!offer) return [];
    const familiar = new Set([...recentTypes(), ...[...doc.allNodes()].map(({ type }) => type)]);
    const defs = familiarFirst(allDefs(doc.defs), familiar);
    const classes = (offer.end ? fittingDefs(defs, offer.end) : defs).map((def) => ({
      key: def.type,
      label: def.title,
      hint: def.pack || def.category.split("/").slice(-2).join(" / "),
      words: [def.type, ...def.aliases, def.category].join(" "),
      familiar: familiar.has(def.type),
    }));
    const here = fittingSubgraphs(doc, offer.end).map(({ id, name }) => ({
      key: id,
      label: name,
      hint: t("Subgraph of this workflow"),
      words: "subgraph",
    }));
    const kept = (offer.end ? [] : blueprints).map(({ key, name, pack }) => ({
      key,
      label: name,
      hint: pack ? t("Subgraph of {pack}", { pack }) : t("Your subgraph"),
      words: "subgraph blueprint",
    }));
    return [...classes, ...here, ...kept];
  }, [doc, offer, blueprints]);

  if (!offer) return null;
  const { end, world, page } = offer;
  return (
    <Popover anchor={page} width={380} onClose={close}>
      <FilterList
        items={items}
        label={t("Add node")}
        placeholder={wanted(end)}
        nothing={t("No node of this name")}
        onPick={(item) => {
          close();
          const blueprint = blueprints.find(({ key }) => key === item.key);
          if (blueprint) return void addBlueprint(editor, blueprint, world);
          const id = addLinked(doc, item.key, world, end);
          rememberType(item.key);
          selection.set([id]);
          engine?.focusNode(id);
          announce(t("{name} added", { name: item.label }));
        }}
      />
    </Popover>
  );
}
