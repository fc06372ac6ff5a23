/** What the hand on the mask is set to, and the page's names for it. */
export type ToolName = "brush" | "eraser" | "rectangle" | "lasso" | "fill" | "pan";

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
}

export const TOOLS: readonly { readonly name: ToolName; readonly label: string; readonly key: string }[] = [
  { name: "brush", label: "Brush", key: "B" },
  { name: "eraser", label: "Eraser", key: "E" },
  { name: "rectangle", label: "Rectangle", key: "R" },
  { name: "lasso", label: "Lasso", key: "L" },
  { name: "fill", label: "Fill like colours", key: "F" },
  { name: "pan", label: "Move the view", key: "H" },
];

export const START: Settings = { tool: "brush", size: 48, hardness: 0.8, opacity: 1, tolerance: 24 };
export const LARGEST_BRUSH = 512;
