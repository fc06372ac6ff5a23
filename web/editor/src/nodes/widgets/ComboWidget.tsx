/** One of many: a list that is filtered by typing. The arrow keys step through it without opening. */
import { ChevronsUpDown, Upload } from "lucide-react";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { type ComboSpec, optionText } from "../../graph/widgets";
import { FilterList } from "../../ui/FilterList";
import { type Anchor, anchorOf, Popover } from "../../ui/Popover";
import { showToast } from "../../ui/toasts";
import { pathOf } from "../fileRef";
import { useServices } from "../services";
import type { WidgetProps } from "./WidgetRow";

export function ComboWidget({ label, spec, value, disabled, onChange }: WidgetProps<ComboSpec>) {
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setAnchor(null), []);
  const items = useMemo(
    () => spec.options.map((option, i) => ({ key: String(i), label: optionText(option) })),
    [spec.options],
  );
  const at = spec.options.indexOf(value);
  const text = value === null ? "" : optionText(value);
  const absent = at < 0 && !(spec.upload && text);

  const key = (e: KeyboardEvent) => {
    const by =
      e.key === "ArrowDown" || e.key === "ArrowRight"
        ? 1
        : e.key === "ArrowUp" || e.key === "ArrowLeft"
          ? -1
          : 0;
    const next = spec.options[at + by];
    if (!by) return;
    if (next !== undefined && !e.altKey) onChange(next);
    else if (e.altKey && button.current) setAnchor(anchorOf(button.current));
    e.preventDefault();
    e.stopPropagation();
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
        aria-label={`${label}: ${text}`}
        title={absent ? `${text || "Nothing"} is not in the list of the server` : text}
        onKeyDown={key}
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      >
        <span className="field-label">{label}</span>
        <span className="field-value">{text || "None"}</span>
        <ChevronsUpDown size={12} aria-hidden />
      </button>
      {spec.upload && <UploadButton kind={spec.upload} disabled={disabled} onUploaded={onChange} />}
      {anchor && (
        <Popover anchor={anchor} width={Math.max(260, Math.min(480, anchor.w ?? 0))} onClose={close}>
          <FilterList
            items={items}
            selected={String(at)}
            label={label}
            placeholder={`Find ${label}`}
            nothing={spec.options.length ? "Nothing fits" : "The server has no files here"}
            onPick={(item) => {
              onChange(spec.options[Number(item.key)] ?? null);
              close();
              requestAnimationFrame(() => button.current?.focus({ preventScroll: true }));
            }}
          />
        </Popover>
      )}
    </>
  );
}

interface UploadProps {
  readonly kind: string;
  readonly disabled: boolean;
  readonly onUploaded: (value: string) => void;
}

function UploadButton({ kind, disabled, onUploaded }: UploadProps) {
  const { upload } = useServices();
  const input = useRef<HTMLInputElement>(null);
  const send = async (file: File | undefined) => {
    if (!file) return;
    try {
      onUploaded(pathOf(await upload(file)));
    } catch (error) {
      showToast({
        kind: "error",
        title: `${file.name} was not uploaded`,
        body: String((error as Error).message),
      });
    }
  };
  return (
    <>
      <button
        type="button"
        className="field-side"
        disabled={disabled}
        aria-label={`Upload ${kind}`}
        title={`Upload ${kind}`}
        onClick={() => input.current?.click()}
      >
        <Upload size={14} aria-hidden />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={kind === "file" ? undefined : `${kind}/*`}
        onChange={(e) => {
          void send(e.target.files?.[0]);
          e.target.value = "";
        }}
      />
    </>
  );
}
