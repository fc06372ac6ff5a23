/** Numbers as people read them. */

export function formatSeconds(seconds: number): string {
  if (seconds < 0.01) return "0 s";
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
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
    ? date.toLocaleTimeString([], hour)
    : date.toLocaleString([], { day: "numeric", month: "short", ...hour });
}
