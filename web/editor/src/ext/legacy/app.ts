/** `app` of `/scripts/app.js`. */
import { addAction, allActions } from "../../actions";
import type { Editor, RunRequest } from "../../actions/editor";
import { openFile } from "../../actions/openFile";
import { openPanel } from "../../features/panels/panels";
import { toApiPrompt } from "../../graph/formats/apiPrompt";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import { isObject, type Json, type JsonObject } from "../../lib/json";
import { showToast } from "../../ui/toasts";
import type { LegacyApi, Prompt } from "./api";
import type { LegacyCanvas } from "./canvas";
import { registerExtension, registered } from "./extensions";
import type { LegacyGraph } from "./graph";
import type { LegacyNode } from "./node";
import { addSidebarTab } from "./sidebar";
import { ComfyButtonGroup, ComfyUI, packTools } from "./ui";
import { ControlWidget, type WidgetLike } from "./widget";
import type { LegacyWorld } from "./world";

interface Message {
  readonly severity?: string;
  readonly summary?: string;
  readonly detail?: string;
}

export class LegacyApp {
  readonly ui = new ComfyUI();
  readonly registerExtension = registerExtension;
  nodeOutputs: Record<string, unknown> = {};
  nodePreviewImages: Record<string, unknown> = {};
  lastNodeErrors: unknown = null;
  configuringGraph = false;
  vueAppReady = true;
  dragOverNode: LegacyNode | null = null;
  readonly menu = {
    element: packTools,
    settingsGroup: new ComfyButtonGroup(),
    actionsGroup: new ComfyButtonGroup(),
    viewGroup: new ComfyButtonGroup(),
  };
  readonly extensionManager: Record<string, unknown>;
  private readonly queue: (request: RunRequest) => Promise<boolean>;

  constructor(
    private readonly editor: Editor,
    readonly world: LegacyWorld,
    readonly graph: LegacyGraph,
    readonly canvas: LegacyCanvas,
    readonly api: LegacyApi,
  ) {
    for (const group of [this.menu.settingsGroup, this.menu.actionsGroup, this.menu.viewGroup])
      packTools.append(group.element);
    const queue = editor.runner.queue.bind(editor.runner);
    this.queue = (request) => queue(request);
    this.extensionManager = this.makeManager();
  }

  get rootGraph(): LegacyGraph {
    return this.graph;
  }

  get canvasEl(): HTMLElement {
    return this.canvas.canvas;
  }

  get extensions(): unknown[] {
    return registered.map(({ extension }) => extension);
  }

  get runningNodeId(): string | null {
    return this.world.nodes.find((node) => this.editor.status.get(node.key).state === "running")?.key ?? null;
  }

  /** What would be sent now. Packs put their own function in the place of this one and change what it answers. */
  async graphToPrompt(): Promise<Prompt> {
    const workflow = writeWorkflow(this.editor.doc);
    const output = toApiPrompt(this.editor.doc) as unknown as Record<
      string,
      { inputs: Record<string, unknown> }
    >;
    for (const node of this.world.nodes) {
      const entry = output[node.key];
      if (!entry) continue;
      for (const [i, widget] of node.widgets.entries()) await this.fill(entry.inputs, node, widget, i);
    }
    return { output, workflow };
  }

  private async fill(inputs: Record<string, unknown>, node: LegacyNode, widget: WidgetLike, index: number) {
    if (!widget.serializeValue || widget instanceof ControlWidget || Array.isArray(inputs[widget.name]))
      return;
    inputs[widget.name] = await widget.serializeValue(node, index);
  }

  /** Packs put their own function in the place of this one, to hear of runs. */
  async queuePrompt(number = 0, count = 1): Promise<boolean> {
    return this.queue({ count, front: number < 0 });
  }

  async loadGraphData(file?: Json): Promise<void> {
    if (isObject(file)) this.openWorkflow(file, "Workflow");
  }

  loadApiJson(prompt: Json, name = "Prompt"): void {
    if (isObject(prompt)) this.openWorkflow(prompt, name);
  }

  private openWorkflow(file: JsonObject, name: string): void {
    this.editor.tabs.open(file, { name });
  }

  async handleFile(file: File): Promise<void> {
    await openFile(this.editor, file);
  }

  /** Reads the catalogue again: files may have come. */
  async refreshComboInNodes(): Promise<void> {
    await this.editor.catalogue.refresh();
  }

  clean(): void {
    this.nodeOutputs = {};
  }

  getPreviewFormatParam(): string {
    return "";
  }

  getRandParam(): string {
    return `&rand=${Math.random()}`;
  }

  private makeManager(): Record<string, unknown> {
    return {
      registerSidebarTab: addSidebarTab,
      setting: {
        get: (id: string) => this.ui.settings.getSettingValue(id),
        set: (id: string, value: unknown) => this.ui.settings.setSettingValue(id, value),
      },
      toast: {
        add: ({ severity, summary = "", detail }: Message) =>
          showToast({
            kind: severity === "error" ? "error" : "info",
            title: summary || (detail ?? ""),
            body: summary ? detail : undefined,
          }),
        remove: () => {},
        removeAll: () => {},
      },
      dialog: {
        prompt: async ({ message = "", defaultValue = "" }: { message?: string; defaultValue?: string }) =>
          window.prompt(message, defaultValue),
        confirm: async ({ message = "" }: { message?: string }) => window.confirm(message),
      },
      command: {
        execute: (id: string) =>
          allActions()
            .find((action) => action.id === id)
            ?.run(this.editor),
        get commands() {
          return allActions();
        },
      },
      sidebarTab: { activateSidebarTab: openPanel },
      workflow: { activeWorkflow: null },
    };
  }

  /** Commands of an extension are actions like all others. */
  addCommand(
    command: { id: string; label?: string | (() => string); function?: () => unknown },
    pack: string | null,
    key?: string,
  ) {
    const label = typeof command.label === "function" ? command.label() : (command.label ?? command.id);
    const run = () => this.world.asEdit(label, () => command.function?.());
    return addAction({ id: command.id, label: () => label, pack: pack ?? "", keys: key ? [key] : [], run });
  }
}
