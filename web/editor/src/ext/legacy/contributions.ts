/** What an extension declares beside its hooks: commands, keys, settings, panels. */
import { keyName } from "../../actions/action";
import type { LegacyApp } from "./app";
import type { Registered } from "./extensions";
import { addLegacySetting, type LegacySetting } from "./settings";
import { addSidebarTab } from "./sidebar";

interface Command {
  readonly id: string;
  readonly label?: string;
  readonly function?: () => unknown;
}

interface Keybinding {
  readonly commandId: string;
  readonly combo: {
    readonly key: string;
    readonly ctrl?: boolean;
    readonly alt?: boolean;
    readonly shift?: boolean;
  };
}

export function setUpExtension(app: LegacyApp, { extension, pack }: Registered): void {
  const keys = new Map(listOf<Keybinding>(extension.keybindings).map((one) => [one.commandId, keyOf(one)]));
  for (const command of listOf<Command>(extension.commands))
    app.addCommand(command, pack, keys.get(command.id));
  for (const setting of listOf<LegacySetting>(extension.settings)) addLegacySetting(setting, pack);
  for (const tab of listOf<Parameters<typeof addSidebarTab>[0]>(extension.bottomPanelTabs))
    addSidebarTab(tab);
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function keyOf({ combo: { key, ctrl = false, alt = false, shift = false } }: Keybinding): string {
  return keyName({ key, ctrlKey: ctrl, altKey: alt, shiftKey: shift, metaKey: false });
}
