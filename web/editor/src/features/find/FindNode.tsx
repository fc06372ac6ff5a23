import { useCallback, useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { pathTo } from "../../graph/navigation";
import { ROOT } from "../../graph/records";
import { isSide } from "../../graph/sheets";
import { t } from "../../lib/t";
import { FilterList } from "../../ui/FilterList";
import { Popover } from "../../ui/Popover";
import { useEditor } from "../context";
import { foundNodes } from "./nodes";

const WIDTH = 440;

/** Finds a node of the workflow, on any of its sheets, by title, class, id or what is written in it, and goes there. */
export function FindNode() {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  useEffect(() => editor.asked.on((what) => what === "find" && setOpen(true)), [editor]);
  if (!open) return null;
  const { doc } = editor;
  const go = (id: string) => {
    const sheet = doc.node(id)?.sheet ?? ROOT;
    if (sheet !== doc.sheet) doc.goTo(pathTo(doc, sheet) ?? []);
    editor.reveal(id);
  };
  return (
    <Popover
      anchor={{ x: window.innerWidth - WIDTH - 24, y: 72 }}
      width={WIDTH}
      label={t("Find node in workflow")}
      onClose={close}
    >
      <FilterList
        items={foundNodes(
          doc,
          [...doc.allNodes()].filter((node) => !isSide(node.type)),
        )}
        label={t("Find node in workflow")}
        placeholder={t("Title, class, number or text")}
        nothing={t("No such node here")}
        onPick={({ key }) => {
          flushSync(close);
          go(key);
        }}
      />
    </Popover>
  );
}
