/** Sends workflows to the server, and says in words what it does not take. What comes back is for `RunEvents`. */
import type { AutoMode, Editor, Runner, RunRequest } from "../../actions/editor";
import { type Api, PromptRejected } from "../../api/http";
import type { EventLine } from "../../api/socket";
import type { NodeErrors } from "../../api/types";
import { applyControls, controlled } from "../../graph/controls";
import type { GraphDocument } from "../../graph/document";
import { needsServerConversion, toApiPrompt } from "../../graph/formats/apiPrompt";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import { randomUuid } from "../../lib/ids";
import type { JsonObject } from "../../lib/json";
import { t } from "../../lib/t";
import type { Tab } from "../../tabs/Tab";
import type { Tabs } from "../../tabs/Tabs";
import { closeTopic } from "../../ui/toasts";
import { AutoRun } from "./AutoRun";
import { dependingOn, type Part, upTo } from "./partial";
import { shownBy } from "./places";
import { PromptTabs } from "./promptTabs";
import { RunEvents } from "./RunEvents";
import { RUN_TOPIC, reportRejection, reportRequest } from "./reports";
import { nameOfRun } from "./runNames";
import type { RunStore } from "./runStore";

export class RunController implements Runner {
  through: Runner["through"] = (made, send) => send(made);
  private readonly prompts: PromptTabs;
  private readonly events: RunEvents;
  private readonly auto: AutoRun;
  private queueing: Promise<boolean> = Promise.resolve(true);

  constructor(
    private readonly tabs: Tabs,
    private readonly api: Api,
    private readonly line: EventLine,
    private readonly store: RunStore,
    private readonly reveal: Editor["reveal"],
    /** Whether seeds change before they are queued, so that the one that is shown is the one of the picture. */
    private readonly changesFirst: () => boolean = () => false,
  ) {
    this.prompts = new PromptTabs(tabs);
    this.events = new RunEvents(tabs, api, line, store, this.prompts, reveal);
    this.auto = new AutoRun(tabs, store, this);
  }

  destroy(): void {
    this.events.destroy();
    this.auto.destroy();
  }

  /** One after the other, however fast they are asked for: each finds the seed that the one before has left. */
  queue(request: RunRequest = {}): Promise<boolean> {
    const tab = this.tabs.current;
    this.queueing = this.queueing.then(() => this.queueAll(tab, request));
    return this.queueing;
  }

  private async queueAll(tab: Tab, request: RunRequest): Promise<boolean> {
    tab.status.clearProblems();
    closeTopic(RUN_TOPIC);
    try {
      for (let i = 0; i < (request.count ?? 1); i++) await this.queueOnce(tab, request);
      return true;
    } catch (error) {
      if (error instanceof PromptRejected) {
        markProblems(tab, error.nodeErrors);
        reportRejection(error, tab, this.reveal);
      } else reportRequest(error as Error, () => void this.queue(request));
      return false;
    }
  }

  setAuto(mode: AutoMode): void {
    this.auto.set(mode);
  }

  async clearQueue(): Promise<void> {
    try {
      await this.api.clearQueue();
    } catch (error) {
      reportRequest(error as Error);
    }
  }

  async interrupt(): Promise<void> {
    try {
      const { runs } = this.store.getState();
      if (runs.length) await Promise.all(runs.map(({ promptId }) => this.api.interrupt(promptId)));
      else await this.api.interrupt();
    } catch (error) {
      reportRequest(error as Error);
    }
  }

  async retry(promptId: string): Promise<void> {
    try {
      const { prompt, extraData } = await this.api.jobs.details(promptId);
      const prompt_id = this.claim(this.prompts.of(promptId) ?? null);
      await this.api.queuePrompt({ prompt, prompt_id, client_id: this.line.clientId, extra_data: extraData });
    } catch (error) {
      reportRequest(error as Error);
    }
  }

  nameOf(promptId: string): string | null {
    return this.prompts.of(promptId)?.name ?? nameOfRun(promptId);
  }

  /** A new id for a prompt of this tab. */
  private claim(tab: Tab | null): string {
    const id = randomUuid();
    this.prompts.add(id, tab);
    return id;
  }

  private async queueOnce(tab: Tab, { front, part }: RunRequest): Promise<void> {
    const { doc, status } = tab;
    const changesFirst = this.changesFirst();
    if (changesFirst) applyControls(doc);
    const workflow = writeWorkflow(doc);
    const { prompt, targets } = part ? partOf(doc, part) : { prompt: promptOf(doc, workflow), targets: null };
    const answer = await this.through({ output: prompt as JsonObject, workflow }, (made) =>
      this.api.queuePrompt({
        prompt: made.output,
        prompt_id: this.claim(tab),
        client_id: this.line.clientId,
        extra_data: { extra_pnginfo: { workflow: made.workflow } },
        ...(front && { front }),
        ...(targets && { partial_execution_targets: targets }),
      }),
    );
    for (const { node, widget } of controlled(doc)) {
      status.rememberQueued(node.id, widget.name, node.values[widget.name] ?? widget.spec.default);
    }
    if (!changesFirst) applyControls(doc);
    if (!answer.nodeErrors.size) return;
    markProblems(tab, answer.nodeErrors);
    const partial = new PromptRejected(t("Part of the workflow was left out"), "", answer.nodeErrors);
    reportRejection(partial, tab, this.reveal);
  }
}

/** What the editor cannot convert itself goes as it is; the server converts it. */
function promptOf(doc: GraphDocument, workflow: JsonObject): JsonObject {
  return needsServerConversion(doc) ? workflow : (toApiPrompt(doc) as JsonObject);
}

/** Throws when there is nothing to run. */
function partOf(doc: GraphDocument, { kind, nodes }: NonNullable<RunRequest["part"]>): Part {
  const part = (kind === "here" ? upTo : dependingOn)(doc, toApiPrompt(doc), nodes);
  if (part.targets.length) return part;
  const reason =
    kind === "here" ? t("these nodes take no part in a run") : t("no result depends on these nodes");
  throw new PromptRejected(t("Nothing to run"), reason, new Map());
}

function markProblems({ doc, status }: Tab, errors: NodeErrors): void {
  for (const [id, problems] of errors) {
    for (const key of shownBy(doc, id)) status.update(key, { state: "error", problems, refused: true });
  }
}
