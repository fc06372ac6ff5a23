/** What the painting hand is set to, and the page's names for it. */

import { type Label, t } from "../../lib/t";
import type { TintName } from "./tints";

export type ToolName = "brush" | "eraser" | "rectangle" | "lasso" | "fill" | "pick" | "pan";

export interface Settings {
  readonly tool: ToolName;
  /** Diameter in pixels of the picture. */
  readonly size: number;
  /** 0..1 */
  readonly hardness: number;
  /** 0..1 */
  readonly opacity: number;
  /** How far a colour may differ to be filled too, 0..255. */
  readonly tolerance: number;
  /** What a drawing is made in, `#rrggbb`. */
  readonly color: string;
  /** In which colour a mask is seen. */
  readonly tint: TintName | "auto";
}

interface Tool {
  readonly name: ToolName;
  readonly label: Label;
  readonly key: string;
  /** Of no use for masks. */
  readonly forDrawings?: boolean;
}

const TOOLS: readonly Tool[] = [
  { name: "brush", label: () => t("Brush"), key: "B" },
  { name: "eraser", label: () => t("Eraser"), key: "E" },
  { name: "rectangle", label: () => t("Rectangle"), key: "R" },
  { name: "lasso", label: () => t("Lasso"), key: "L" },
  { name: "fill", label: () => t("Fill like colours"), key: "F" },
  { name: "pick", label: () => t("Pick colour"), key: "P", forDrawings: true },
  { name: "pan", label: () => t("Move the view"), key: "H" },
];

export function toolsFor(drawing: boolean): readonly Tool[] {
  return TOOLS.filter((tool) => drawing || !tool.forDrawings);
}

export const START: Settings = {
  tool: "brush",
  size: 48,
  hardness: 0.8,
  opacity: 1,
  tolerance: 24,
  color: "#ffffff",
  tint: "auto",
};
export const LARGEST_BRUSH = 512;
