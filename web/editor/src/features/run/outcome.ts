/** How a run ended, in words. */
import { formatSeconds } from "../../lib/format";
import { t } from "../../lib/t";
import type { RunInfo } from "./runStore";

export function outcomeWords({ outcome, seconds }: NonNullable<RunInfo["last"]>): string {
  if (outcome === "success")
    return seconds === null ? t("Done") : t("Done in {time}", { time: formatSeconds(seconds) });
  return outcome === "error" ? t("Failed") : t("Interrupted");
}
