/** A tree of folders and things, worked with the arrow keys. Only the rows in view are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

export interface TreeRow {
  readonly key: string;
  readonly label: string;
  /** From 0. */
  readonly depth: number;
  /** Given for folders: whether what is in it is shown. */
  readonly open?: boolean;
  readonly hint?: string;
  readonly title?: string;
  readonly icon?: ReactNode;
  /** A control at its end. */
  readonly action?: ReactNode;
  /** What a drag of it carries, by type. */
  readonly drag?: readonly [string, string];
}

interface Props {
  readonly rows: readonly TreeRow[];
  readonly label: string;
  readonly rowHeight?: number;
  readonly onPick: (row: TreeRow) => void;
  readonly onToggle: (key: string) => void;
  readonly onActive?: (row: TreeRow | undefined) => void;
}

export function TreeList({ rows, label, rowHeight = 26, onPick, onToggle, onActive }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const id = useId();
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const go = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setActive(next);
    list.scrollToIndex(next);
    onActive?.(rows[next]);
  };
  const pick = (row: TreeRow) => (row.open === undefined ? onPick(row) : onToggle(row.key));
  const key = (e: KeyboardEvent) => {
    const row = rows[active];
    if (e.target !== e.currentTarget) return;
    const to: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 10,
      PageUp: active - 10,
      Home: 0,
      End: rows.length - 1,
    };
    if (e.key in to) go(to[e.key] as number);
    else if (e.key === "ArrowRight" && row?.open === false) onToggle(row.key);
    else if (e.key === "ArrowLeft" && row?.open) onToggle(row.key);
    else if (e.key === "ArrowLeft" && row)
      go(rows.findLastIndex((other, i) => i < active && other.depth < row.depth));
    else if (e.key === "Enter" && row) pick(row);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div
      ref={scroller}
      className="tree"
      role="tree"
      aria-label={label}
      aria-activedescendant={rows.length ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={key}
    >
      <div className="filter-space" role="none" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const { drag } = row;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the tree
            <div
              key={row.key}
              id={`${id}-${index}`}
              className="tree-row"
              role="treeitem"
              tabIndex={-1}
              aria-level={row.depth + 1}
              aria-expanded={row.open}
              aria-selected={index === active}
              data-active={index === active || undefined}
              style={{
                transform: `translateY(${start}px)`,
                height: rowHeight,
                paddingLeft: 8 + row.depth * 14,
              }}
              title={row.title ?? row.label}
              draggable={drag !== undefined}
              onDragStart={(e) => drag && e.dataTransfer.setData(...drag)}
              onPointerEnter={() => onActive?.(row)}
              onClick={() => {
                setActive(index);
                pick(row);
              }}
            >
              {row.open === undefined ? null : row.open ? (
                <ChevronDown size={14} aria-hidden />
              ) : (
                <ChevronRight size={14} aria-hidden />
              )}
              {row.icon}
              <span className="tree-label">{row.label}</span>
              {row.hint && <span className="option-hint">{row.hint}</span>}
              {row.action}
            </div>
          );
        })}
      </div>
    </div>
  );
}
