// Numbers in words. Unknown values are a dash.

export const UNKNOWN = "—";

export function rate(kbps: number | null): string {
  if (kbps === null) return UNKNOWN;
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(kbps >= 100_000 ? 0 : kbps >= 10_000 ? 1 : 2)} Mb/s` : `${Math.round(kbps)} kb/s`;
}

export function seconds(value: number | null, digits = 1): string {
  return value === null ? UNKNOWN : `${value.toFixed(digits)} s`;
}

export function millis(value: number): string {
  return `${Math.round(value * 1000)} ms`;
}

export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} GB`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  return count >= 1e3 ? `${Math.round(count / 1e3)} kB` : `${count} B`;
}

/** m:ss, or h:mm:ss from an hour on. */
export function clock(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const whole = Math.max(0, Math.floor(value));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The end of a URL that tells one request from another. */
export function shortUrl(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? url;
  const parts = path.split("/").filter((part) => part !== "");
  return parts.slice(-2).join("/") || url;
}
