/** Numbers as people read them, in the language of the page. */
import { locale, t } from "./t";

export function formatSeconds(seconds: number): string {
  if (seconds < 0.01) return t("{seconds} s", { seconds: 0 });
  if (seconds < 10) return t("{seconds} s", { seconds: decimal(seconds, seconds < 1 ? 2 : 1) });
  if (seconds < 60) return t("{seconds} s", { seconds: Math.round(seconds) });
  return t("{minutes} min {seconds} s", {
    minutes: Math.floor(seconds / 60),
    seconds: Math.round(seconds % 60),
  });
}

const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = -1;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit < 0) return `${Math.round(value)} B`;
  return decimal(value, value < 100 ? 1 : 0, { style: "unit", unit: UNITS[unit] });
}

/** The hour of something that was today, the day and the hour of all else; `time` is in milliseconds since 1970. */
export function formatTime(time: number, precise = false): string {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const hour = {
    hour: "2-digit",
    minute: "2-digit",
    ...(precise && ({ second: "2-digit" } as const)),
  } as const;
  return today
    ? date.toLocaleTimeString(locale(), hour)
    : date.toLocaleString(locale(), { day: "numeric", month: "short", ...hour });
}

function decimal(value: number, digits: number, options: Intl.NumberFormatOptions = {}): string {
  return value.toLocaleString(locale(), {
    ...options,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
