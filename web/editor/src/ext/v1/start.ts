/** Takes up extensions of version 1: each by itself, so that one that throws costs only itself. */
import { Puzzle } from "lucide-react";
import { addAction } from "../../actions";
import type { Editor } from "../../actions/editor";
import { menuSources } from "../../actions/packMenus";
import { blame } from "../../features/packs/packs";
import { addExtraPanel } from "../../features/panels/panels";
import { addPackSetting } from "../../features/settings/packSettings";
import { customTypes } from "../../graph/widgets";
import { registerView } from "../../nodes/customViews";
import type { MenuItem } from "../../ui/Menu";
import { guarded } from "../guard";
import { mountedPanel } from "../mountedPanel";
import { makeContext, nodeView } from "./context";
import { followNodes } from "./nodes";
import type { Context, Extension, MenuEntry, WidgetDefinition } from "./types";

interface Found {
  readonly definition: unknown;
  readonly pack: string;
}

/** What `/ext/v1.js` gives to packs. */
export function exposeV1(): void {
  const defineExtension = (extension: Extension): Extension => {
    if (!extension?.id) throw new TypeError("An extension needs an id");
    return extension;
  };
  Object.assign(window, { easel: { v1: { version: 1, defineExtension } } });
}

export async function startV1(editor: Editor, found: readonly Found[]): Promise<void> {
  const extensions = found.flatMap(({ definition, pack }) => {
    const extension = definition as Extension;
    if (typeof extension?.id !== "string" || extension.apiVersion === undefined) return [];
    if (extension.apiVersion === 1) return [{ extension, pack, context: makeContext(editor, pack) }];
    blame(
      new Error(`it asks for version ${extension.apiVersion} of the API; this editor has version 1`),
      "starting",
      pack,
    );
    return [];
  });
  if (!extensions.length) return;
  for (const { extension, pack } of extensions) addWidgets(extension.widgets ?? {}, pack);
  // Inputs of the new types are widgets now.
  if (extensions.some(({ extension }) => extension.widgets)) await editor.catalogue.refresh();
  for (const { extension, pack, context } of extensions) {
    guarded(`${extension.id} starting`, pack, () => contribute(editor, extension, pack, context));
    await guarded(`${extension.id} setup`, pack, () => extension.setup?.(context));
  }
}

function addWidgets(widgets: Readonly<Record<string, WidgetDefinition>>, pack: string): void {
  for (const [type, { mount, default: standard = null, height = 24, grows = false }] of Object.entries(
    widgets,
  )) {
    const view = `v1 ${pack} ${type}`;
    registerView(view, (element, { id, ...context }) =>
      guarded(`the widget ${type}`, pack, () => mount(element, { ...context, node: id })),
    );
    customTypes.set(type, { kind: "custom", default: standard, view, height, grows });
  }
}

function contribute(editor: Editor, extension: Extension, pack: string, context: Context): void {
  for (const { id, label, keys, run } of extension.actions ?? []) {
    addAction({
      id,
      label: () => label,
      pack,
      keys: keys ? [keys] : [],
      run: () => guarded(label, pack, () => run(context)),
    });
  }
  for (const { id, title, mount } of extension.panels ?? []) {
    const Content = mountedPanel(id, pack, (element) => mount(element, context));
    addExtraPanel({ id, title: () => title, side: "left", Icon: Puzzle, Content }, pack);
  }
  for (const setting of extension.settings ?? []) {
    const { id, type, label = id, default: standard, options = [], changed, ...bounds } = setting;
    addPackSetting({
      id,
      label,
      pack,
      kind: type,
      standard,
      tooltip: "",
      ...bounds,
      choices: options.map((option) => [option, String(option)]),
      changed: (value) => void guarded(`setting ${id}`, pack, () => changed?.(value)),
    });
  }
  if (extension.node) followNodes(editor, extension.node, pack, context);
  addMenus(editor, extension, pack, context);
}

function addMenus(
  editor: Editor,
  { id, node: hooks = {}, canvasMenu }: Extension,
  pack: string,
  context: Context,
): void {
  const items = (entries: readonly MenuEntry[] | undefined): MenuItem[] =>
    (entries ?? []).map(({ label, run }) => ({ label, run: () => void guarded(label, pack, run) }));
  menuSources.add({
    node(key) {
      const view = nodeView(editor.doc, key);
      const fitting = view ? [hooks[view.type], hooks["*"]] : [];
      return fitting.flatMap((hook) =>
        items(guarded(`${id} menu`, pack, () => (view ? hook?.menu?.(view, context) : undefined))),
      );
    },
    canvas: (at) => items(guarded(`${id} menu`, pack, () => canvasMenu?.(at, context))),
  });
}
