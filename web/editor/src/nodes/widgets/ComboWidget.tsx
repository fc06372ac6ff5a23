/** One of many, or several: a list that is filtered by typing. The arrow keys step through it without opening. */
import { ChevronsUpDown, RefreshCw } from "lucide-react";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { type ComboSpec, optionText } from "../../graph/widgets";
import { isArray, type Json } from "../../lib/json";
import { t } from "../../lib/t";
import { type Anchor, anchorOf, Popover } from "../../ui/Popover";
import { showToast } from "../../ui/toasts";
import { useServices } from "../services";
import { ComboList, folderOf, nameOf } from "./ComboList";
import type { WidgetProps } from "./WidgetRow";

export function ComboWidget({ label, spec, value, disabled, onChange, onDone }: WidgetProps<ComboSpec>) {
  const [open, setOpen] = useState<{ readonly anchor: Anchor; readonly typed: string } | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(null), []);
  const show = (typed = "") => button.current && setOpen({ anchor: anchorOf(button.current), typed });
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
    const plain = !e.ctrlKey && !e.metaKey && !e.altKey;
    if (!by && !(plain && LETTER.test(e.key))) return;
    const next = by && options[at + by];
    if (!by) show(e.key);
    else if (e.altKey || spec.multiple) show();
    else if (next !== undefined) onChange(next, true);
    e.preventDefault();
    e.stopPropagation();
  };
  const pick = (option: Json) => {
    if (spec.multiple) {
      onChange(values.includes(option) ? values.filter((one) => one !== option) : [...values, option]);
      return;
    }
    onChange(option);
    // At once: the next key, which may be Tab already, starts from there.
    flushSync(close);
    button.current?.focus({ preventScroll: true });
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
        aria-expanded={open !== null}
        aria-label={`${label} ${text || t("None")}`}
        title={absent ? t("{text} is not in the list of the server", { text: text || t("Nothing") }) : text}
        onKeyDown={key}
        onBlur={onDone}
        onClick={() => show()}
      >
        <span className="field-label">{label}</span> <Chosen text={text || t("None")} />
        <ChevronsUpDown size={12} aria-hidden />
      </button>
      {spec.remote && <Refresh label={label} remote={spec.remote} disabled={disabled} onChange={onChange} />}
      {open && (
        <Popover anchor={open.anchor} width={widthFor(options, open.anchor)} onClose={close}>
          <ComboList
            label={label}
            options={options}
            chosen={chosen}
            typed={open.typed}
            nothing={options.length ? t("Nothing fits") : t("The server has no files here")}
            onPick={pick}
          />
        </Popover>
      )}
    </>
  );
}

const LETTER = /^[\p{L}\p{N}]$/u;

/** Of a file in a folder the name is seen sooner than the folder. */
function Chosen({ text }: { readonly text: string }) {
  const folder = folderOf(text);
  if (!folder) return <span className="field-value">{text}</span>;
  return (
    <span className="field-value field-path">
      <span>{`${folder}/`}</span>
      <span>{text.slice(folder.length + 1)}</span>
    </span>
  );
}

/** In pixels: as wide as the combo, or as its longest name where there is room for it. */
function widthFor(options: readonly Json[], anchor: Anchor): number {
  const longest = options.reduce<number>(
    (most, option) => Math.max(most, nameOf(optionText(option)).length),
    0,
  );
  return Math.max(260, Math.min(480, anchor.w ?? 0), Math.min(560, window.innerWidth - 16, 7 * longest + 56));
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
        title: t("The list of {label} was not read", { label }),
        body: (error as Error).message,
      });
    }
  };
  return (
    <button
      type="button"
      className="field-side"
      disabled={disabled}
      aria-label={t("Refresh {label}", { label })}
      title={t("Ask the server again what there is for {label}", { label })}
      onClick={() => void refresh()}
    >
      <RefreshCw size={14} aria-hidden />
    </button>
  );
}
