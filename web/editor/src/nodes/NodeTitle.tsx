import {
  Check,
  ChevronDown,
  ChevronRight,
  CircleSlash,
  FastForward,
  Layers,
  Pin,
  TriangleAlert,
  Unplug,
} from "lucide-react";
import { setTitle } from "../graph/edit";
import type { NodeStatus } from "../graph/nodeShape";
import type { NodeId } from "../graph/records";
import { formatSeconds } from "../lib/format";
import { t } from "../lib/t";
import { useDecor } from "./PackLayer";
import type { NodeRun } from "./runStatus";
import { useServices } from "./services";
import { TitleInput } from "./TitleInput";
import { useRenaming } from "./useRenaming";

interface Props {
  readonly id: NodeId;
  readonly title: string;
  readonly className: string;
  readonly collapsed: boolean;
  readonly status: NodeStatus;
  readonly mode: "muted" | "bypassed" | undefined;
  readonly pinned: boolean;
  readonly run: NodeRun;
  readonly onCollapse: () => void;
}

export function NodeTitle({ id, title, className, collapsed, status, mode, pinned, run, onCollapse }: Props) {
  const { doc } = useServices();
  const [renaming, endRenaming] = useRenaming("node", id);
  const renamed = (text: string | null) => {
    if (text !== null) setTitle(doc, id, text);
    endRenaming();
  };
  const { badges } = useDecor(id);
  const def = doc.shape(id)?.def;
  const Chevron = collapsed ? ChevronRight : ChevronDown;
  return (
    <header className="node-title" title={title === className ? title : `${title} (${className})`}>
      {status !== "side" && (
        <button
          type="button"
          className="node-chevron"
          tabIndex={-1}
          aria-label={collapsed ? t("Expand") : t("Collapse")}
          aria-expanded={!collapsed}
          onClick={onCollapse}
        >
          <Chevron size={14} aria-hidden />
        </button>
      )}
      {renaming ? (
        <TitleInput label={t("Title")} title={title} onDone={renamed} />
      ) : (
        <span className="node-name">{title}</span>
      )}
      <span className="node-badges">
        {pinned && <Pin size={13} aria-label={t("Pinned")} />}
        <span className="node-fact node-badge" data-fact="id">
          #{id.split(":").at(-1)}
        </span>
        {def?.pack && (
          <span className="node-fact node-badge" data-fact="pack">
            {def.pack}
          </span>
        )}
        {def?.deprecated && <Badge text={t("Deprecated")} title={def.description} />}
        {def?.experimental && <Badge text={t("Experimental")} />}
        {badges.map((text) => (
          <Badge key={text} text={text} />
        ))}
        {status === "missing" && <Badge icon={<Unplug size={13} aria-hidden />} text={t("Missing")} />}
        {status === "subgraph" && (
          <button
            type="button"
            className="node-open"
            data-interactive
            tabIndex={-1}
            aria-label={t("Open subgraph")}
            title={`${t("Open subgraph")} (${t("Double click")})`}
            onClick={() => doc.goTo([...doc.path, id])}
          >
            <Layers size={13} aria-hidden />
          </button>
        )}
        {mode === "muted" && <Badge icon={<CircleSlash size={13} aria-hidden />} text={t("Muted")} />}
        {mode === "bypassed" && <Badge icon={<FastForward size={13} aria-hidden />} text={t("Bypassed")} />}
        {run.problems.length > 0 && (
          <TriangleAlert className="badge-error" size={14} aria-label={t("Error")} />
        )}
        {run.state === "cached" && (
          <span title={t("Kept from an earlier run")}>
            <Check className="badge-cached" size={14} aria-label={t("Cached")} />
          </span>
        )}
        {run.state === "done" && run.seconds !== null && (
          <Badge
            text={formatSeconds(run.seconds)}
            title={run.why && t("Ran because {why}", { why: run.why })}
          />
        )}
      </span>
    </header>
  );
}

interface BadgeProps {
  readonly icon?: React.ReactNode;
  readonly text: string;
  readonly title?: string;
}

function Badge({ icon, text, title }: BadgeProps) {
  return (
    <span className="node-badge" title={title || undefined}>
      {icon}
      {text}
    </span>
  );
}
