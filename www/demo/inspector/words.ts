// How the inspector writes what a manifest says. Absent values are a dash.

import { make } from "../dom.ts";
import { rate, UNKNOWN } from "../words.ts";
import type { ByteRange } from "./model.ts";

/** A text, number or flag. */
export function plain(value: unknown): string {
  if (value === null || value === undefined || value === "") return UNKNOWN;
  if (value === true) return "yes";
  if (value === false) return "no";
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** Seconds to the microsecond, without zeros at the end. */
export function exact(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : `${Math.round(value * 1e6) / 1e6} s`;
}

/** h:mm:ss.mmm of a presentation time. */
export function time(value: number | null): string {
  if (value === null) return UNKNOWN;
  const millis = Math.round(Math.abs(value) * 1000);
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const whole = `${two((millis / 60_000) % 60)}:${two((millis / 1000) % 60)}.${String(millis % 1000).padStart(3, "0")}`;
  const hours = Math.floor(millis / 3_600_000);
  return `${value < 0 ? "−" : ""}${hours > 0 ? `${hours}:` : ""}${whole}`;
}

export function bits(perSecond: number | null): string {
  return rate(perSecond === null ? null : perSecond / 1000);
}

export function size(width: number | null, height: number | null): string {
  return width === null || height === null ? UNKNOWN : `${width}×${height}`;
}

export function range(bytes: ByteRange | null): string {
  return bytes === null ? "" : `${bytes.offset}–${bytes.offset + bytes.length - 1}`;
}

/** A URI without the folder of the manifest it stands in. */
export function short(uri: string, base: string): string {
  const folder = base.replace(/[?#].*$/, "").replace(/[^/]*$/, "");
  return folder !== "" && uri.startsWith(folder) && uri !== folder ? uri.slice(folder.length) : uri;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export function chip(text: string, kind = "", title = ""): HTMLElement {
  return make("span", { class: `chip ${kind}`.trim(), ...(title ? { title } : {}) }, text);
}

/** Names and values; those that are absent are left out. */
export function facts(entries: [string, unknown][]): HTMLElement {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of entries) {
    if (value === null || value === undefined || value === "") continue;
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value instanceof Node ? value : plain(value))));
  }
  return list;
}

/** More rows than this are not read in a table. */
const MOST_ROWS = 1000;

/** A table, in a place of its own to scroll; columns without a value in any row are left out. */
export function table(caption: string, columns: string[], rows: (Node | string)[][]): HTMLElement {
  const used = columns.map((_, i) => rows.some((row) => row[i] !== "" && row[i] !== UNKNOWN));
  const cells = (tag: "th" | "td", row: (Node | string)[]) => row.filter((_, i) => used[i]).map((cell) => make(tag, tag === "th" ? { scope: "col" } : {}, cell));
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length > MOST_ROWS ? [make("p", { class: "muted" }, `… and ${rows.length - MOST_ROWS} more`)] : [];
  return make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...cells("th", columns))),
      make("tbody", {}, ...shown.map((row) => make("tr", {}, ...cells("td", row)))),
    ),
    ...more,
  );
}

export function section(title: string, ...content: (Node | string)[]): HTMLElement {
  return make("section", {}, make("h3", {}, title), ...content);
}
