import { Copy, Info, TriangleAlert, X } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { useStore } from "zustand";
import { t } from "../lib/t";
import { Button } from "./Button";
import { closeToast, type Toast, type ToastItem, toasts } from "./toasts";

export function Toasts() {
  const list = useStore(toasts, (state) => state.list);
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // What is shown last lies on top, also of a dialog that was opened before.
    if (section.current?.matches(":popover-open")) section.current.hidePopover();
    if (list.length) section.current?.showPopover();
  }, [list]);
  return (
    <section ref={section} className="toasts" aria-label={t("Messages")} popover="manual">
      {list.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { kind, title, body, items, report, action } = toast;
  const close = () => closeToast(toast.id);
  return (
    <div className="toast" data-kind={kind} role={kind === "error" ? "alert" : "status"}>
      <div className="toast-head">
        {kind === "error" ? <TriangleAlert size={16} aria-hidden /> : <Info size={16} aria-hidden />}
        <p className="toast-title">{title}</p>
        <button type="button" className="toast-close" aria-label={t("Close")} onClick={close}>
          <X size={16} aria-hidden />
        </button>
      </div>
      {body && <p className="toast-body">{body}</p>}
      {items && items.length > 0 && <Items items={items} />}
      {report && (
        <details>
          <summary>{t("Details")}</summary>
          <pre>{report}</pre>
        </details>
      )}
      {(report || action) && (
        <div className="toast-actions">
          {report && (
            <Button icon={<Copy size={14} aria-hidden />} onClick={() => copy(title, body, report)}>
              {t("Copy report")}
            </Button>
          )}
          {action && (
            <Button kind="plain" onClick={action.run}>
              {action.label}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function Items({ items }: { readonly items: readonly ToastItem[] }) {
  return (
    <ul className="toast-items">
      {items.map(({ title, detail, show }) => (
        <li className="toast-item" key={`${title}\n${detail}`}>
          <div>
            <p>{title}</p>
            <p>{detail}</p>
          </div>
          {show && (
            <Button kind="plain" onClick={show}>
              {t("Show")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

function copy(...parts: (string | undefined)[]): void {
  void navigator.clipboard?.writeText(parts.filter(Boolean).join("\n\n"));
}
