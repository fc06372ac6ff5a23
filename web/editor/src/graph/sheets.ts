/** Names of things on sheets: how ids of files become ids that are unique over all sheets, and the two sides of a subgraph. */
import { type NodeId, ROOT, type SheetId } from "./records";

/** The ids by which files name the sides of a subgraph. */
const INPUT_ID = "-10";
const OUTPUT_ID = "-20";

/** The types of the two nodes that stand for the sides of a subgraph on its own sheet. */
export const INPUT_SIDE = "subgraph:inputs";
export const OUTPUT_SIDE = "subgraph:outputs";

export function idOn(sheet: SheetId, local: string): string {
  return sheet === ROOT ? local : `${sheet}/${local}`;
}

/** The id as a file has it. */
export function localId(id: string, sheet: SheetId): string {
  return sheet === ROOT ? id : id.slice(sheet.length + 1);
}

export function inputSide(sheet: SheetId): NodeId {
  return idOn(sheet, INPUT_ID);
}

export function outputSide(sheet: SheetId): NodeId {
  return idOn(sheet, OUTPUT_ID);
}

/** Whether a node stands for a side of a subgraph: it is moved, but never deleted, copied or muted. */
export function isSide(type: string): boolean {
  return type === INPUT_SIDE || type === OUTPUT_SIDE;
}
