/** Names of embeddings and LoRAs under the field in which one is being typed. The field keeps the focus and the keys. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { fuzzySearch } from "../../lib/fuzzy";
import type { NameBeingTyped } from "../../lib/promptText";
import { t } from "../../lib/t";
import { useServices } from "../services";

const MOST = 12;

/** The best few for what is being typed; none once it is whole. */
export function useNames(typed: NameBeingTyped | null): readonly string[] {
  const { promptNames } = useServices();
  const [all, setAll] = useState<readonly string[]>([]);
  const kind = typed?.kind;
  useEffect(() => {
    let current = true;
    setAll([]);
    if (kind)
      promptNames(kind).then(
        (names) => current && setAll(names),
        // Without an answer there is nothing to complete.
        () => {},
      );
    return () => {
      current = false;
    };
  }, [kind, promptNames]);
  return useMemo(() => {
    if (!typed) return [];
    const best = fuzzySearch(all, typed.query)
      .slice(0, MOST)
      .map((i) => all[i] as string);
    return best.length === 1 && best[0] === typed.query ? [] : best;
  }, [all, typed]);
}

interface Props {
  readonly field: HTMLElement | null;
  readonly names: readonly string[];
  readonly active: number;
  readonly onActive: (at: number) => void;
  readonly onPick: (name: string) => void;
}

export function NameList({ field, names, active, onActive, onPick }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the number of names changes the height
  useLayoutEffect(() => {
    const [box, own] = [field?.getBoundingClientRect(), panel.current];
    if (!box || !own) return;
    const above = box.bottom + own.offsetHeight + 4 > window.innerHeight;
    own.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.offsetWidth - 8))}px`;
    own.style.top = `${above ? box.top - own.offsetHeight - 4 : box.bottom + 4}px`;
  }, [field, names.length]);
  return createPortal(
    <div ref={panel} className="popover name-list" role="listbox" aria-label={t("Names")}>
      {names.map((name, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the field that keeps the focus
        <div
          key={name}
          className="option"
          role="option"
          tabIndex={-1}
          aria-selected={i === active}
          data-active={i === active || undefined}
          onPointerMove={() => onActive(i)}
          // Before the field would lose the focus.
          onPointerDown={(e) => e.preventDefault()}
          onClick={() => onPick(name)}
        >
          <span className="option-label">{name}</span>
        </div>
      ))}
    </div>,
    document.body,
  );
}
