import { Columns2, Copy, Download, Info, Maximize, Workflow, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import type { PictureView } from "../../canvas/PictureView";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { actualSize } from "./actualSize";
import type { LightboxState } from "./useLightbox";
import type { Ways } from "./ways";

interface Props {
  readonly name: string;
  readonly state: LightboxState;
  readonly view: PictureView | null;
  /** Null while there is no file. */
  readonly ways: Ways | null;
  readonly info: boolean;
  readonly onInfo: () => void;
  readonly onClose: () => void;
}

export function LightboxBar({ name, state, view, ways, info, onInfo, onClose }: Props) {
  const { other, index, count, compare } = state;
  return (
    <div className="lightbox-bar" role="toolbar" aria-label={t("Picture")}>
      <span className="lightbox-name">{other ? `${other.filename} | ${name}` : name}</span>
      {count > 1 && (
        <span className="lightbox-quiet">{t("{index} of {count}", { index: index + 1, count })}</span>
      )}
      {view && <Zoom view={view} />}
      <span className="lightbox-tools">
        {compare && (
          <Button
            label={other ? t("Stop comparing") : t("Compare with the next")}
            title={other ? `${t("Stop comparing")} (C)` : `${t("Compare with the next")} (C)`}
            aria-pressed={other !== null}
            icon={<Columns2 size={16} aria-hidden />}
            onClick={compare}
          />
        )}
        {ways && (
          <>
            <Button
              label={t("About this file")}
              title={`${t("About this file")} (I)`}
              aria-pressed={info}
              icon={<Info size={16} aria-hidden />}
              onClick={onInfo}
            />
            {ways.copy && (
              <Button
                label={t("Copy picture")}
                title={`${t("Copy picture")} (Ctrl+C)`}
                icon={<Copy size={16} aria-hidden />}
                onClick={ways.copy}
              />
            )}
            <Button
              label={t("Open its workflow")}
              title={`${t("Open its workflow")} (W)`}
              icon={<Workflow size={16} aria-hidden />}
              onClick={ways.openWorkflow}
            />
            <a
              className="button"
              data-icon
              href={ways.url}
              download={ways.filename}
              aria-label={t("Download")}
              title={`${t("Download")} (D)`}
            >
              <Download size={16} aria-hidden />
            </a>
          </>
        )}
        <Button label={t("Close")} icon={<X size={16} aria-hidden />} onClick={onClose} />
      </span>
    </div>
  );
}

/** How large it is shown; pressed, it goes from all of it to its pixels and back. */
function Zoom({ view }: { readonly view: PictureView }) {
  const percentOf = () => Math.round((view.zoom / actualSize()) * 100);
  useSyncExternalStore(view.changed.on, () => `${percentOf()} ${view.isFit}`);
  const percent = percentOf();
  return (
    <Button
      className="lightbox-zoom"
      label={
        view.isFit ? t("Actual size, now {percent} %", { percent }) : t("Fit, now {percent} %", { percent })
      }
      title={view.isFit ? `${t("Actual size")} (1)` : `${t("Fit")} (0)`}
      icon={<Maximize size={14} aria-hidden />}
      onClick={() => (view.isFit ? view.zoomTo(actualSize()) : view.fit())}
    >
      {percent} %
    </Button>
  );
}
