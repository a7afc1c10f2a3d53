// The second view: the manifest as m3u8-rs or dash-mpd reads it, with each place where they and we differ.

import { button, make } from "../dom.ts";
import type { Disagreement, Judgement } from "./model.ts";
import { Tree } from "./tree.ts";
import { count, plain } from "./words.ts";

/** A list that is longer helps nobody; the tree marks them all. */
const MOST = 200;

export function judgement({ judge, tree, disagreements }: Judgement): HTMLElement[] {
  const at = new Map<string, Disagreement[]>();
  const above = new Set<string>();
  const placed = disagreements.map((one) => ({ ...one, at: nearest(tree, one.at) }));
  for (const one of placed) {
    const list = at.get(one.at);
    if (list) list.push(one);
    else at.set(one.at, [one]);
    for (let end = one.at.lastIndexOf("/"); end >= 0; end = one.at.lastIndexOf("/", end - 1)) {
      above.add(one.at.slice(0, end));
      if (end === 0) break;
    }
  }
  const view = new Tree(tree, {
    at: (pointer) => {
      const list = at.get(pointer);
      return list ? make("span", { class: "mark" }, list.map((one) => words(one, pointer)).join("; ")) : null;
    },
    inside: (pointer) => above.has(pointer),
  });
  const summary =
    disagreements.length === 0
      ? `${judge} and Thalweg read the same, in all that both know.`
      : `${judge} and Thalweg differ in ${count(disagreements.length, "place")}. Why they do is explained, place by place, in inspector/tests/judges/explained.rs.`;
  const rows = placed.slice(0, MOST).map((one) => {
    const place = button(one.what, () => view.reveal(one.at), { class: "open", title: "Show it in the tree" });
    return make("tr", {}, make("td", {}, place), make("td", {}, value(one.ours)), make("td", {}, value(one.theirs)));
  });
  const head = make("tr", {}, ...["place", "Thalweg", judge].map((text) => make("th", { scope: "col" }, text)));
  const list = make("div", { class: "table disagreements", tabindex: "0", role: "region", "aria-label": "Disagreements" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  const out: HTMLElement[] = [make("p", {}, summary)];
  if (rows.length > 0) out.push(list);
  if (disagreements.length > MOST) out.push(make("p", { class: "muted" }, `… and ${disagreements.length - MOST} more, marked in the tree.`));
  out.push(tree === null ? make("p", { class: "muted" }, `${judge} refused it: there is no tree.`) : view.element);
  return out;
}

/** The pointer, or as much of it as the tree has: it has no place for what was not read. */
function nearest(tree: unknown, pointer: string): string {
  let value = tree;
  let at = "";
  for (const key of pointer.split("/").slice(1)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) break;
    value = (value as Record<string, unknown>)[key];
    at += `/${key}`;
  }
  return at;
}

/** A mark's words: ours, and which field is meant where the mark is at an object. */
function words(one: Disagreement, pointer: string): string {
  const name = one.what.split(".").at(-1) ?? "";
  if (name.endsWith("[]")) return "not ours";
  if (name.endsWith("]")) return `${name} is only ours: ${value(one.ours)}`;
  const here = pointer.endsWith(`/${name}`) || pointer.endsWith(`/@${name}`);
  return `ours${here ? "" : ` (${name})`}: ${value(one.ours)}`;
}

function value(json: unknown): string {
  return typeof json === "string" ? json : plain(json);
}
