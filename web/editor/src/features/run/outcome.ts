/** How a run ended, in words. */
import { formatSeconds } from "../../lib/format";
import type { RunInfo } from "./runStore";

export function outcomeWords({ outcome, seconds }: NonNullable<RunInfo["last"]>): string {
  if (outcome === "success") return seconds === null ? "Done" : `Done in ${formatSeconds(seconds)}`;
  return { error: "Failed", interrupted: "Interrupted" }[outcome];
}
