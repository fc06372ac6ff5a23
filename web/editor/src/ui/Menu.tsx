/** A short list of commands or choices in a popover, worked with the arrow keys or by first letters. */
import { Check } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef } from "react";
import { type Anchor, Popover } from "./Popover";

export interface MenuItem {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly hint?: string;
  readonly disabled?: boolean;
  /** Given for one of several choices. */
  readonly checked?: boolean;
  /** Given for what is either on or off. */
  readonly toggled?: boolean;
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

const ENABLED = "button:not(:disabled)";

export function Menu({ anchor, label, items, width, onClose }: Props) {
  const list = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const checked = list.current?.querySelector<HTMLElement>('[aria-checked="true"]');
    (checked ?? list.current?.querySelector<HTMLElement>(ENABLED))?.focus({ preventScroll: true });
  }, []);

  const key = (e: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>(ENABLED) ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    if (e.key === "Tab") onClose();
    const target = targetOf(e.key, at, buttons);
    if (target === undefined) return;
    buttons[(target + buttons.length) % buttons.length]?.focus();
    e.preventDefault();
  };

  return (
    <Popover anchor={anchor} width={width} onClose={onClose}>
      <div
        ref={list}
        className="filter-list"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={key}
        onContextMenu={(e) => e.preventDefault()}
      >
        {items.map((item, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same words
          <div key={`${i} ${item.label}`} role="none">
            {item.separated && <div className="option-separator" role="none" />}
            {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role is one that can be checked whenever it is */}
            <button
              type="button"
              className="option"
              role={roleOf(item)}
              aria-checked={item.checked ?? item.toggled}
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
              {item.toggled && <Check size={14} aria-hidden />}
              {item.hint && <span className="option-hint">{item.hint}</span>}
            </button>
          </div>
        ))}
      </div>
    </Popover>
  );
}

function roleOf({ checked, toggled }: MenuItem): "menuitem" | "menuitemradio" | "menuitemcheckbox" {
  if (checked !== undefined) return "menuitemradio";
  return toggled === undefined ? "menuitem" : "menuitemcheckbox";
}

/** Where a key leads from item `at`; a letter leads to the next item that begins with it. */
function targetOf(key: string, at: number, items: readonly HTMLElement[]): number | undefined {
  const fixed: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: items.length - 1,
  };
  if (key in fixed) return fixed[key];
  if (key.length !== 1 || key === " ") return undefined;
  const order = items.map((_, i) => (at + 1 + i) % items.length);
  return order.find((i) => items[i]?.textContent?.toLowerCase().startsWith(key.toLowerCase()));
}
