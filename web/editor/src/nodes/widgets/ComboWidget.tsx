/** One of many, or several: a list that is filtered by typing. The arrow keys step through it without opening. */
import { ChevronsUpDown, RefreshCw } from "lucide-react";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { type ComboSpec, optionText } from "../../graph/widgets";
import { isArray, type Json } from "../../lib/json";
import { type Anchor, anchorOf, Popover } from "../../ui/Popover";
import { showToast } from "../../ui/toasts";
import { useServices } from "../services";
import { ComboList } from "./ComboList";
import type { WidgetProps } from "./WidgetRow";

export function ComboWidget({ label, spec, value, disabled, onChange }: WidgetProps<ComboSpec>) {
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setAnchor(null), []);
  const options = useOptions(spec);
  const values = useMemo(() => (spec.multiple ? (isArray(value) ? value : []) : [value]), [spec, value]);
  const chosen = useMemo(
    () => new Set(values.map((one) => options.indexOf(one)).filter((i) => i >= 0)),
    [values, options],
  );
  const at = spec.multiple ? -1 : options.indexOf(value);
  const text = values
    .filter((one) => one !== null)
    .map(optionText)
    .join(", ");
  const absent = chosen.size < values.length && !(spec.upload && text) && !spec.remote;

  const key = (e: KeyboardEvent) => {
    const by = ARROWS[e.key];
    if (!by) return;
    const next = options[at + by];
    if (e.altKey || spec.multiple) button.current && setAnchor(anchorOf(button.current));
    else if (next !== undefined) onChange(next);
    e.preventDefault();
    e.stopPropagation();
  };
  const pick = (option: Json) => {
    if (spec.multiple) {
      onChange(values.includes(option) ? values.filter((one) => one !== option) : [...values, option]);
      return;
    }
    onChange(option);
    close();
    requestAnimationFrame(() => button.current?.focus({ preventScroll: true }));
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className="field field-combo"
        disabled={disabled}
        data-absent={absent || undefined}
        aria-haspopup="listbox"
        aria-expanded={anchor !== null}
        aria-label={`${label} ${text || "None"}`}
        title={absent ? `${text || "Nothing"} is not in the list of the server` : text}
        onKeyDown={key}
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      >
        <span className="field-label">{label}</span> <span className="field-value">{text || "None"}</span>
        <ChevronsUpDown size={12} aria-hidden />
      </button>
      {spec.remote && <Refresh label={label} remote={spec.remote} disabled={disabled} onChange={onChange} />}
      {anchor && (
        <Popover anchor={anchor} width={Math.max(260, Math.min(480, anchor.w ?? 0))} onClose={close}>
          <ComboList
            label={label}
            options={options}
            chosen={chosen}
            nothing={options.length ? "Nothing fits" : "The server has no files here"}
            onPick={pick}
          />
        </Popover>
      )}
    </>
  );
}

const ARROWS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
};

function useOptions({ remote, options }: ComboSpec): readonly Json[] {
  const { remoteLists } = useServices();
  const known = useSyncExternalStore(remoteLists.changed.on, () =>
    remote ? remoteLists.get(remote.route, remote.key) : undefined,
  );
  return known ?? options;
}

interface RefreshProps {
  readonly label: string;
  readonly remote: NonNullable<ComboSpec["remote"]>;
  readonly disabled: boolean;
  readonly onChange: (value: Json) => void;
}

function Refresh({ label, remote, disabled, onChange }: RefreshProps) {
  const { remoteLists } = useServices();
  const refresh = async () => {
    try {
      const options = await remoteLists.refresh(remote.route, remote.key);
      const next = remote.afterwards && options.at(remote.afterwards === "first" ? 0 : -1);
      if (next !== undefined && next !== null) onChange(next);
    } catch (error) {
      showToast({
        kind: "error",
        title: `The list of ${label} was not read`,
        body: (error as Error).message,
      });
    }
  };
  return (
    <button
      type="button"
      className="field-side"
      disabled={disabled}
      aria-label={`Refresh ${label}`}
      title={`Ask the server again what there is for ${label}`}
      onClick={() => void refresh()}
    >
      <RefreshCw size={14} aria-hidden />
    </button>
  );
}
