/** Failures in words: what happened, where, and what to do. */
import type { PromptRejected } from "../../api/http";
import type { Failure } from "../../api/jobs";
import type { NodeErrors, NodeProblem } from "../../api/types";
import { locate } from "../../graph/navigation";
import type { NodeId } from "../../graph/records";
import { t } from "../../lib/t";
import type { Tab } from "../../tabs/Tab";
import { changeToast, closeToast, showToast, type ToastItem } from "../../ui/toasts";
import { failures } from "./failures";

/** All messages about runs: a new one takes the place of the last. */
export const RUN_TOPIC = "run";

type Reveal = (id: NodeId, tab?: Tab) => void;

export function reportRejection(error: PromptRejected, tab: Tab, reveal: Reveal): void {
  const items = itemsOf(error.nodeErrors, tab, reveal);
  const known: Record<string, string> = {
    "Prompt has no outputs": t("Nothing to run: add a node that saves or previews a result"),
    "Prompt outputs failed validation": t("The workflow cannot run yet"),
  };
  // One line is enough where the node's own message is all there is to say.
  const repeated = items.some((item) => item.detail === error.message);
  const title = known[error.message] ?? (repeated ? t("The workflow cannot run yet") : error.message);
  if (items.length) showProblems(title, error.nodeErrors, tab, reveal);
  else untilChanged(showToast({ kind: "error", topic: RUN_TOPIC, title, body: error.details }), tab);
}

/** What is wrong with nodes. It says less as they are mended, and goes with the last of them. */
export function showProblems(title: string, errors: NodeErrors, tab: Tab, reveal: Reveal): void {
  let standing = errors;
  const items = itemsOf(errors, tab, reveal);
  const toast = showToast({ kind: "error", topic: RUN_TOPIC, title, items });
  const off = tab.status.changed.on(() => {
    const left = new Map([...errors].filter(([id]) => tab.status.get(id).problems.length));
    if (left.size === standing.size) return;
    standing = left;
    if (left.size) return changeToast(toast, { items: itemsOf(left, tab, reveal) });
    off();
    closeToast(toast);
  });
}

function untilChanged(toast: number, tab: Tab): void {
  const off = tab.doc.touched.on(() => {
    off();
    closeToast(toast);
  });
}

function itemsOf(errors: NodeErrors, tab: Tab, reveal: Reveal): ToastItem[] {
  return [...errors].flatMap(([id, problems]) => problemItems(id, problems, tab, reveal));
}

function problemItems(id: NodeId, problems: readonly NodeProblem[], tab: Tab, reveal: Reveal): ToastItem[] {
  const { doc } = tab;
  const host = locate(doc, id)?.id ?? id.split(":")[0] ?? id;
  const name = doc.shape(host)?.title ?? t("Node {id}", { id });
  return problems.map(({ message, details, input }) => ({
    title: input ? `${name} · ${input}` : name,
    detail: details && details !== input ? `${message}: ${details}` : message,
    show: doc.node(host) ? () => reveal(id, tab) : undefined,
  }));
}

export function reportFailure(error: Failure, tab: Tab | null, node: NodeId | null, reveal: Reveal): void {
  const found = tab && node !== null ? locate(tab.doc, node) : null;
  const name =
    (found && tab?.doc.shape(found.id)?.title) || error.nodeType || t("Node {id}", { id: error.node });
  const show = tab && node ? () => reveal(node, tab) : null;
  const title = t("{name} failed", { name });
  showToast({
    kind: "error",
    topic: RUN_TOPIC,
    title,
    body: error.message || error.exception,
    action: { label: t("Details"), run: () => failures.setState({ shown: { title, error, show } }) },
  });
}

export function reportRequest(error: Error, retry?: () => void): void {
  showToast({
    kind: "error",
    topic: RUN_TOPIC,
    title: t("The server did not take the request"),
    body: error.message,
    action: retry && { label: t("Try again"), run: retry },
  });
}
