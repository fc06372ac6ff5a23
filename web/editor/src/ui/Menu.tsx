/** A short list of commands or choices in a popover, worked with the arrow keys. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { type Anchor, Popover } from "./Popover";

export interface MenuItem {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly hint?: string;
  readonly disabled?: boolean;
  /** Given for one of several choices. */
  readonly checked?: boolean;
  /** A line above it. */
  readonly separated?: boolean;
  readonly run: () => void;
}

interface Props {
  readonly anchor: Anchor;
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly width?: number;
  readonly onClose: () => void;
}

export function Menu({ anchor, label, items, width = 220, onClose }: Props) {
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const checked = list.current?.querySelector<HTMLElement>('[aria-checked="true"]');
    (checked ?? list.current?.querySelector("button"))?.focus({ preventScroll: true });
  }, []);

  const key = (e: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (e.key === "Tab") onClose();
    if (!step) return;
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
    e.preventDefault();
  };

  return (
    <Popover anchor={anchor} width={width} onClose={onClose}>
      <div ref={list} className="filter-list" role="menu" aria-label={label} tabIndex={-1} onKeyDown={key}>
        {items.map((item) => (
          <div key={item.label} role="none">
            {item.separated && <div className="option-separator" role="none" />}
            {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role is menuitemradio whenever it is checked */}
            <button
              type="button"
              className="option"
              role={item.checked === undefined ? "menuitem" : "menuitemradio"}
              aria-checked={item.checked}
              disabled={item.disabled}
              onPointerEnter={(e) => e.currentTarget.focus({ preventScroll: true })}
              onFocus={(e) => e.currentTarget.toggleAttribute("data-active", true)}
              onBlur={(e) => e.currentTarget.removeAttribute("data-active")}
              onClick={() => {
                onClose();
                item.run();
              }}
            >
              {item.icon}
              <span className="option-label">{item.label}</span>
              {item.hint && <span className="option-hint">{item.hint}</span>}
            </button>
          </div>
        ))}
      </div>
    </Popover>
  );
}
