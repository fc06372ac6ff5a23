/** Results in rows; only the rows in view are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState } from "react";
import type { FileRef } from "../../api/types";
import { t } from "../../lib/t";
import { Menu } from "../../ui/Menu";
import type { Anchor } from "../../ui/Popover";
import { useEditor } from "../context";
import type { PanelProps } from "../panels/panels";
import { menuOf } from "./menu";
import { Thumbnail } from "./Thumbnail";
import type { Result } from "./useResults";

const CELL = 104;
const GAP = 4;

interface GridProps extends PanelProps {
  readonly list: readonly Result[];
  readonly chosen: readonly FileRef[];
  readonly onChoose: (file: FileRef) => void;
  readonly onEnd: (() => void) | undefined;
  readonly onChanged: () => Promise<void>;
}

export function Grid({ list, chosen, onChoose, onEnd, onChanged, openImages }: GridProps) {
  const editor = useEditor();
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const columns = Math.max(2, Math.floor((width + GAP) / (CELL + GAP)));
  const cell = (width - GAP * (columns - 1)) / columns;
  const [menu, setMenu] = useState<{ anchor: Anchor; result: Result } | null>(null);
  const closeMenu = useCallback(() => setMenu(null), []);
  const count = Math.ceil(list.length / columns);
  const rows = useVirtualizer({
    count: width ? count : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => cell + GAP,
    overscan: 3,
  });
  const shown = rows.getVirtualItems();
  const atEnd = shown.at(-1)?.index === count - 1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a wider panel has other rows
  useEffect(() => rows.measure(), [rows, cell]);
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);
  const files = list.map(({ file }) => file);
  return (
    <div ref={scroller} className="gallery-scroller">
      <ul className="gallery-rows" aria-label={t("Outputs")} style={{ height: rows.getTotalSize() }}>
        {shown.flatMap((row) =>
          list.slice(row.index * columns, (row.index + 1) * columns).map((result, column) => (
            <li
              key={result.job.id}
              style={{
                width: cell,
                height: cell,
                transform: `translate(${column * (cell + GAP)}px, ${row.start}px)`,
              }}
            >
              <Thumbnail
                result={result}
                chosen={chosen.some((file) => keyOf(file) === keyOf(result.file))}
                onOpen={() => openImages(files, files.indexOf(result.file))}
                onChoose={() => onChoose(result.file)}
                onMenu={(anchor) => setMenu({ anchor, result })}
              />
            </li>
          )),
        )}
      </ul>
      {menu && (
        <Menu
          anchor={menu.anchor}
          label={menu.result.file.filename}
          items={menuOf(editor, menu.result, {
            open: () => openImages(files, files.indexOf(menu.result.file)),
            choose: () => onChoose(menu.result.file),
            changed: onChanged,
          })}
          onClose={closeMenu}
        />
      )}
    </div>
  );
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const resizes = new ResizeObserver(() => setWidth(current.clientWidth));
    resizes.observe(current);
    return () => resizes.disconnect();
  }, [element]);
  return width;
}

export function keyOf({ type, subfolder, filename }: FileRef): string {
  return `${type}/${subfolder}/${filename}`;
}
