import { FolderOpen, Image, RotateCw, Trash2 } from "lucide-react";
import type { Job } from "../../api/jobs";
import { formatSeconds, formatTime } from "../../lib/format";
import { t } from "../../lib/t";
import { mediumOf } from "../../nodes/fileRef";
import { Button } from "../../ui/Button";
import { SmallPicture } from "../../ui/SmallPicture";
import { useEditor } from "../context";
import type { PanelProps } from "../panels/panels";
import { failures } from "../run/failures";
import { openWorkflowOf, withDetails } from "./details";

interface Props extends PanelProps {
  readonly job: Job;
  readonly onChanged: () => Promise<void>;
}

/** A run that is over: what came of it, and what can be done with it. */
export function DoneRow({ job, openImages, onChanged }: Props) {
  const editor = useEditor();
  const { api, runner } = editor;
  const { id, failure, finishedAt } = job;
  const name = runner.nameOf(id);
  const openPictures = () =>
    void withDetails(editor, id, ({ files }) => {
      const shown = files.filter((file) => mediumOf(file) !== "other");
      if (shown.length) openImages(shown, 0);
    });
  const forget = () => void api.jobs.forget([id]).then(onChanged, onChanged);
  const showFailure = () =>
    failure &&
    failures.setState({
      shown: {
        title: failure.nodeType ? t("{name} failed", { name: failure.nodeType }) : t("The run failed"),
        error: failure,
        show: null,
      },
    });
  return (
    <li className="history-row" data-outcome={job.status}>
      <Thumbnail job={job} onOpen={openPictures} />
      <div className="history-text">
        <p>
          <span className="history-outcome">{outcomeOf(job)}</span>
          {name && <span className="history-name">{name}</span>}
        </p>
        <p className="panel-quiet">
          {finishedAt !== null && formatTime(finishedAt)}
          {job.outputs > 1 && ` · ${t("{count} {count|result|results}", { count: job.outputs })}`}
        </p>
        {failure && (
          <button type="button" className="history-message" title={t("Show the error")} onClick={showFailure}>
            {failure.message.split("\n")[0] || failure.exception}
          </button>
        )}
      </div>
      <div className="history-actions">
        <Button
          label={t("Open this workflow")}
          icon={<FolderOpen size={14} aria-hidden />}
          onClick={() => openWorkflowOf(editor, id)}
        />
        <Button
          label={t("Run it again")}
          icon={<RotateCw size={14} aria-hidden />}
          onClick={() => void runner.retry(id)}
        />
        <Button
          label={t("Remove from the history")}
          icon={<Trash2 size={14} aria-hidden />}
          onClick={forget}
        />
      </div>
    </li>
  );
}

function Thumbnail({ job: { preview }, onOpen }: { readonly job: Job; readonly onOpen: () => void }) {
  const { api } = useEditor();
  if (!preview) {
    return (
      <span className="history-thumbnail">
        <Image size={16} strokeWidth={1.5} aria-hidden />
      </span>
    );
  }
  return (
    <button
      type="button"
      className="history-thumbnail"
      aria-label={t("Open {name}", { name: preview.filename })}
      onClick={onOpen}
    >
      {mediumOf(preview) === "image" ? (
        <SmallPicture src={api.viewUrl(preview)} />
      ) : (
        <Image size={16} strokeWidth={1.5} aria-hidden />
      )}
    </button>
  );
}

function outcomeOf({ status, startedAt, finishedAt }: Job): string {
  if (status === "failed") return t("Failed");
  if (status === "cancelled") return t("Interrupted");
  return startedAt !== null && finishedAt !== null
    ? formatSeconds((finishedAt - startedAt) / 1000)
    : t("Done");
}
