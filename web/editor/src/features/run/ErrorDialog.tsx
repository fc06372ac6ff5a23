import { Copy, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import type { Api } from "../../api/http";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { showToast } from "../../ui/toasts";
import { useEditor } from "../context";
import { failures, type ShownFailure } from "./failures";

/** What went wrong in a run, in full: for whoever mends it, and for whoever is asked about it. */
export function ErrorDialog() {
  const shown = useStore(failures, (state) => state.shown);
  return shown && <Details key={shown.title} failure={shown} />;
}

function Details({ failure }: { readonly failure: ShownFailure }) {
  const { api } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { title, error, show } = failure;
  const close = () => failures.setState({ shown: null });
  return (
    <dialog ref={dialog} className="dialog error-dialog" aria-label={title} onClose={close}>
      <div className="dialog-head">
        <h1>{title}</h1>
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={close} />
      </div>
      <p className="error-message">{error.message || error.exception}</p>
      <p className="panel-quiet">
        {[error.exception, t("Node {id}", { id: error.node }), error.nodeType].filter(Boolean).join(" · ")}
      </p>
      {error.traceback && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre className="error-traceback" tabIndex={0}>
          {error.traceback}
        </pre>
      )}
      <div className="dialog-actions">
        <Button icon={<Copy size={14} aria-hidden />} onClick={() => void copyReport(api, failure)}>
          {t("Copy report")}
        </Button>
        {show && (
          <Button
            kind="primary"
            onClick={() => {
              close();
              show();
            }}
          >
            {t("Show node")}
          </Button>
        )}
      </div>
    </dialog>
  );
}

async function copyReport(api: Api, { title, error }: ShownFailure): Promise<void> {
  const stats = await api.systemStats().catch(() => null);
  const devices = stats?.devices.map(({ name }) => name).join(", ");
  const report = [
    title,
    `${error.exception}: ${error.message}`,
    `Node ${error.node} (${error.nodeType})`,
    devices && `Device: ${devices}`,
    error.traceback,
  ];
  try {
    await navigator.clipboard.writeText(report.filter(Boolean).join("\n\n"));
    showToast({ kind: "info", topic: "copy", title: t("Copied the report") });
  } catch (failed) {
    showToast({
      kind: "error",
      topic: "copy",
      title: t("The report was not copied"),
      body: (failed as Error).message,
    });
  }
}
