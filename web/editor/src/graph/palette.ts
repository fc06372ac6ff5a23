/** The colours that nodes and groups can be given, as ComfyUI's files state them: title, body, and group. */
import { type Label, t } from "../lib/t";

export interface PaletteColor {
  readonly name: Label;
  readonly title: string;
  readonly body: string;
  readonly group: string;
}

export const PALETTE: readonly PaletteColor[] = [
  { name: () => t("Red"), title: "#322", body: "#533", group: "#A88" },
  { name: () => t("Brown"), title: "#332922", body: "#593930", group: "#b06634" },
  { name: () => t("Yellow"), title: "#432", body: "#653", group: "#b58b2a" },
  { name: () => t("Green"), title: "#232", body: "#353", group: "#8A8" },
  { name: () => t("Cyan"), title: "#233", body: "#355", group: "#8AA" },
  { name: () => t("Pale blue"), title: "#2a363b", body: "#3f5159", group: "#3f789e" },
  { name: () => t("Blue"), title: "#223", body: "#335", group: "#88A" },
  { name: () => t("Purple"), title: "#323", body: "#535", group: "#a1309b" },
  { name: () => t("Black"), title: "#222", body: "#000", group: "#444" },
];
