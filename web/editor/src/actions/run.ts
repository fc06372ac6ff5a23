import { type Label, t } from "../lib/t";
import type { Action } from "./action";
import type { AutoMode, Editor } from "./editor";

const hasSelection = ({ selection }: Editor) => selection.ids.size > 0;

const runPart = (kind: "here" | "branch") => (editor: Editor) =>
  void editor.runner.queue({ part: { kind, nodes: [...editor.selection.ids] } });

const auto = (id: string, label: Label, mode: AutoMode): Action => ({
  id,
  label,
  run: ({ runner }) => runner.setAuto(mode),
});

export const runActions: readonly Action[] = [
  {
    id: "run",
    label: () => t("Run"),
    keys: ["Ctrl+Enter"],
    everywhere: true,
    run: ({ runner }) => void runner.queue(),
  },
  {
    id: "runFront",
    label: () => t("Run before all that waits"),
    keys: ["Ctrl+Shift+Enter"],
    everywhere: true,
    run: ({ runner }) => void runner.queue({ front: true }),
  },
  {
    id: "runHere",
    label: () => t("Run to here"),
    keys: ["Alt+Enter"],
    enabled: hasSelection,
    run: runPart("here"),
  },
  {
    id: "runBranch",
    label: () => t("Run what depends on it"),
    keys: ["Alt+Shift+Enter"],
    enabled: hasSelection,
    run: runPart("branch"),
  },
  {
    id: "interrupt",
    label: () => t("Interrupt"),
    keys: ["Ctrl+Alt+Enter"],
    everywhere: true,
    run: ({ runner }) => void runner.interrupt(),
  },
  {
    id: "showResult",
    label: () => t("Show the result"),
    keys: ["Alt+R"],
    enabled: ({ status }) => status.latest !== null,
    run: ({ status, reveal }) => {
      if (status.latest !== null) reveal(status.latest);
    },
  },
  { id: "clearQueue", label: () => t("Clear the queue"), run: ({ runner }) => void runner.clearQueue() },
  auto("autoOff", () => t("Run only when asked"), "off"),
  auto("autoInstant", () => t("Run again and again"), "instant"),
  auto("autoChange", () => t("Run after each change"), "change"),
];
