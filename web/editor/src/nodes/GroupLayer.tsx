/** The titles of groups, each in the element that the canvas keeps for it. */
import { type KeyboardEvent, memo, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { groupsInGroup, nodesInGroup } from "../canvas/groups";
import { moveBy } from "../graph/edit";
import { removeGroups, setGroupTitle } from "../graph/groups";
import type { GroupId } from "../graph/records";
import { t } from "../lib/t";
import { useServices } from "./services";
import { TitleInput } from "./TitleInput";
import { useRenaming } from "./useRenaming";

const STEP = 8;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export function GroupLayer() {
  const { engine } = useServices();
  const shells = useSyncExternalStore(engine.groupShells.changed.on, () => engine.groupShells.all);
  return shells.map(([id, element]) => createPortal(<GroupTitle id={id} />, element, id));
}

const GroupTitle = memo(function GroupTitle({ id }: { readonly id: GroupId }) {
  const { doc, engine, selection } = useServices();
  const title = useSyncExternalStore(doc.store.changed.on, () => doc.group(id)?.title ?? "");
  const [renaming, endRenaming] = useRenaming("group", id);

  const key = (e: KeyboardEvent<HTMLElement>) => {
    const group = doc.group(id);
    if (!group || e.target !== e.currentTarget || e.ctrlKey || e.metaKey || e.altKey) return;
    const arrow = ARROWS[e.key];
    const nodes = nodesInGroup(engine.scene, group);
    if (arrow) {
      const groups = groupsInGroup(engine.scene, group);
      moveBy(doc, nodes, { x: arrow[0], y: arrow[1] }, groups, `move group ${id}`);
    } else if (e.key === "Enter" || e.key === "F2") engine.renaming.begin({ kind: "group", id });
    else if (e.key === " ") selection.set(nodes);
    else if (e.key === "Delete" || e.key === "Backspace") {
      removeGroups(doc, [id]);
      engine.host.focus({ preventScroll: true });
    } else return;
    e.preventDefault();
  };

  if (renaming) {
    const done = (text: string | null) => {
      if (text !== null) setGroupTitle(doc, id, text);
      endRenaming();
    };
    return <TitleInput label={t("Title of the group")} title={title} onDone={done} />;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a layout of its own
    <div
      className="group-title"
      role="group"
      aria-label={t("Group {title}", { title })}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a group is a stop of the keyboard on the canvas
      tabIndex={0}
      onKeyDown={key}
    >
      {title}
    </div>
  );
});
