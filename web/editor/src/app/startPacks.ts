/** Loads the scripts of packs once the editor can be used. Without any, their machinery is not loaded either. */
import { Puzzle } from "lucide-react";
import { PacksPanel } from "../features/packs/PacksPanel";
import { packOf, packs } from "../features/packs/packs";
import { isSafeAddress, readPacksOff } from "../features/packs/safeMode";
import { addExtraPanel } from "../features/panels/panels";
import { t } from "../lib/t";
import type { OpenEditor } from "./createEditor";

export async function startPacks(editor: OpenEditor): Promise<void> {
  const scripts = await editor.api.extensions();
  if (!scripts.length) return;
  addExtraPanel({ id: "packs", title: () => t("Packs"), side: "left", Icon: Puzzle, Content: PacksPanel });
  const off = new Set(await readPacksOff(editor.api));
  if (isSafeAddress() || editor.settings.get().packs === "off") {
    packs.setState({ safe: true });
    return;
  }
  const { loadPacks } = await import("../ext/load");
  await loadPacks(
    editor,
    scripts.filter((script) => !off.has(packOf(script) ?? "")),
    scripts,
  );
}
