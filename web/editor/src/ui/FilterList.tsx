/** A list to choose from by typing: combos, node search. Only the rows in view are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { Check } from "lucide-react";
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Findable, searchOver } from "../lib/ranking";

export interface FilterItem extends Findable {
  readonly key: string;
  readonly hint?: string;
  readonly icon?: ReactNode;
  /** Shown, but cannot be chosen now. */
  readonly disabled?: boolean;
}

interface Props {
  readonly items: readonly FilterItem[];
  /** What is searched once something is typed, where that is more than what is shown at first. */
  readonly found?: readonly FilterItem[];
  readonly selected?: ReadonlySet<string>;
  readonly label: string;
  readonly placeholder: string;
  readonly nothing: string;
  readonly onPick: (item: FilterItem) => void;
  /** Backspace in an empty field. */
  readonly onBack?: () => void;
  /** What was typed already. */
  readonly typed?: string;
}

const NONE: ReadonlySet<string> = new Set();
const ROW = 28;

export function FilterList(props: Props) {
  const { items, found, selected = NONE, label, placeholder, nothing, onPick, onBack, typed = "" } = props;
  const [query, setQuery] = useState(typed);
  const [active, setActive] = useState(() =>
    typed
      ? 0
      : Math.max(
          0,
          items.findIndex((item) => selected.has(item.key)),
        ),
  );
  const scroller = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const search = useMemo(() => searchOver(found ?? items), [found, items]);
  const shown = useMemo(() => (query.trim() ? search(query) : items), [items, query, search]);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    paddingStart: 0,
  });

  // What is typed is for it from the moment it is seen.
  useLayoutEffect(() => input.current?.focus({ preventScroll: true }), []);
  const opened = useRef(false);
  useEffect(() => {
    // What is chosen already starts in the middle, so that its neighbours are seen too.
    if (shown.length)
      rows.scrollToIndex(Math.min(active, shown.length - 1), { align: opened.current ? "auto" : "center" });
    opened.current = true;
  }, [active, shown.length, rows]);

  const pick = (item: FilterItem) => item.disabled || onPick(item);
  const key = (e: KeyboardEvent) => {
    // Keys of the writing system: its Enter ends a word, and chooses nothing.
    if (e.nativeEvent.isComposing) return;
    const last = shown.length - 1;
    const to: Record<string, number> = {
      ArrowDown: Math.min(last, active + 1),
      ArrowUp: Math.max(0, active - 1),
      PageDown: Math.min(last, active + 10),
      PageUp: Math.max(0, active - 10),
    };
    const target = to[e.key];
    if (target !== undefined) setActive(target);
    else if (e.key === "Enter" && shown[active]) pick(shown[active]);
    else if (e.key === "Backspace" && !query && onBack) onBack();
    else return;
    e.preventDefault();
  };

  return (
    <>
      <input
        ref={input}
        className="filter-input"
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length ? `${id}-${active}` : undefined}
        placeholder={placeholder}
        value={query}
        spellCheck={false}
        autoComplete="off"
        onKeyDown={key}
        onChange={(e) => {
          setQuery(e.target.value);
          setActive(0);
        }}
      />
      {shown.length === 0 && <p className="filter-none">{nothing}</p>}
      <div
        ref={scroller}
        className="filter-list"
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        tabIndex={-1}
        hidden={!shown.length}
      >
        <div className="filter-space" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const item = shown[index];
            if (!item) return null;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the input that keeps the focus
              <div
                key={item.key}
                id={`${id}-${index}`}
                className="option"
                role="option"
                tabIndex={-1}
                aria-selected={selected.has(item.key)}
                data-active={index === active || undefined}
                style={{ transform: `translateY(${start}px)` }}
                title={item.label}
                onPointerMove={() => setActive(index)}
                aria-disabled={item.disabled || undefined}
                onClick={() => pick(item)}
              >
                {item.icon}
                <span className="option-label">{item.label}</span>
                {item.hint && <span className="option-hint">{item.hint}</span>}
                {selected.has(item.key) && <Check size={14} aria-hidden />}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}
