// The timeline of one rendition: a strip with what interrupts it, and its segments or the runs that they make, each drawn only where it is
// in view.

import { button, make } from "../dom.ts";
import type { Init, Look, Part, Segment } from "./model.ts";
import { Rows } from "./rows.ts";
import { chip, count, exact, range, short, time } from "./words.ts";

/** Segments that follow each other with nothing changed: the first, and how many. */
interface Run {
  first: number;
  count: number;
}

/** More marks than this cannot be told from each other. */
const MOST_MARKS = 500;

/** Of whose segments it is the timeline. */
export interface Of {
  /** The manifest's URL. */
  base: string;
  /** Initialization segment of those that name none. */
  init: Init | null;
  /** Bits a second. */
  declared: number | null;
  look: Look;
}

export function timeline(segments: Segment[], of: Of): HTMLElement {
  const runs = runsOf(segments);
  // Parts have rows of their own: (segment, part), the segment's own row first with part −1.
  const rows: [number, number][] = segments.flatMap((segment, i) => [[i, -1], ...(segment.parts ?? []).map((_, part) => [i, part])] as [number, number][]);
  const view = new Rows("Timeline", { role: "table", class: "segments" });
  const showSegments = () => view.show(rows.length, (row) => segmentRow(segments, rows[row] ?? [0, -1], of));
  const showRuns = () => view.show(runs.length, (row) => runRow(segments, runs[row] ?? { first: 0, count: 0 }, of));
  const choices = [
    button(`${segments.length} segments`, () => choose(0), { "aria-pressed": "true" }),
    button(count(runs.length, "run"), () => choose(1), { "aria-pressed": "false", title: "Segments that follow each other with nothing changed" }),
  ];
  const choose = (choice: number) => {
    choices.forEach((button, i) => button.setAttribute("aria-pressed", String(i === choice)));
    (choice === 0 ? showSegments : showRuns)();
  };
  const reveal = (segment: number) => {
    choose(0);
    view.reveal(rows.findIndex(([at]) => at === segment));
  };
  showSegments();
  if (segments.length === 0) return make("p", { class: "muted" }, "No segments.");
  view.element.style.height = `${Math.min(rows.length, 20) * 20 + 16}px`;
  const head = row("head muted", "number", "start", "duration", segments[0]?.sequence === undefined ? "URI" : "what changes, and URI");
  head.setAttribute("aria-hidden", "true");
  return make("div", { class: "timeline" }, strip(segments, reveal), make("div", { class: "presets", role: "group", "aria-label": "Shown as" }, ...choices), head, view.element);
}

const end = (segment: Segment) => (segment.start ?? 0) + (segment.duration ?? (segment.parts ?? []).reduce((sum, part) => sum + part.duration, 0));

/** What is the same in all segments of a run. */
function same(a: Segment, b: Segment): boolean {
  return (
    Math.abs((a.duration ?? -1) - (b.duration ?? -1)) < 2e-6 &&
    !b.discontinuity &&
    Math.abs(end(a) - (b.start ?? 0)) < 5e-6 &&
    Boolean(a.gap) === Boolean(b.gap) &&
    a.cue?.kind === b.cue?.kind &&
    (a.map === b.map || JSON.stringify(a.map) === JSON.stringify(b.map)) &&
    (a.key === b.key || JSON.stringify(a.key) === JSON.stringify(b.key))
  );
}

export function runsOf(segments: Segment[]): Run[] {
  const runs: Run[] = [];
  segments.forEach((segment, i) => {
    const run = runs.at(-1);
    const before = segments[i - 1];
    if (run && before && same(before, segment)) run.count++;
    else runs.push({ first: i, count: 1 });
  });
  return runs;
}

/** The whole length at a glance; a click shows the segment there. */
function strip(segments: Segment[], reveal: (segment: number) => void): HTMLElement {
  const [from, to] = [segments[0]?.start ?? 0, Math.max(...segments.slice(-1).map(end))];
  const place = make("div", { class: "strip", "aria-hidden": "true" });
  const at = (time: number) => `${((100 * (time - from)) / Math.max(to - from, 1e-6)).toFixed(3)}%`;
  let marks = 0;
  const mark = (kind: string, first: number, last: number, title: string) => {
    if (marks++ >= MOST_MARKS) return;
    const element = make("span", { class: kind, title });
    element.style.left = at(first);
    element.style.width = `calc(${at(from + last - first)})`;
    place.append(element);
  };
  /** Marks stretches of segments of which something holds. */
  const stretches = (kind: string, holds: (segment: Segment) => string | null) => {
    let begin: { time: number; title: string } | null = null;
    for (const segment of segments) {
      const title = holds(segment);
      if (begin && begin.title !== title) {
        mark(kind, begin.time, segment.start ?? 0, `${begin.title}, ${time(begin.time)} to ${time(segment.start)}`);
        begin = null;
      }
      if (title !== null) begin ??= { time: segment.start ?? 0, title };
    }
    if (begin) mark(kind, begin.time, to, `${begin.title}, ${time(begin.time)} to the end`);
  };
  let inBreak = false;
  stretches("encrypted", (segment) => segment.key?.method ?? null);
  stretches("ad", (segment) => {
    inBreak = segment.cue ? segment.cue.kind !== "in" : inBreak;
    return inBreak ? "ad break" : null;
  });
  stretches("gap", (segment) => (segment.gap ? "gap" : null));
  segments.forEach((segment, i) => {
    const before = segments[i - 1];
    if (before && (segment.start ?? 0) - end(before) > 1e-3) mark("gap", end(before), segment.start ?? 0, "no segments");
    if (segment.discontinuity) mark("discontinuity", segment.start ?? 0, segment.start ?? 0, `discontinuity at ${time(segment.start)}`);
  });
  place.addEventListener("click", (event) => {
    const box = place.getBoundingClientRect();
    const wanted = from + ((event.clientX - box.left) / box.width) * (to - from);
    const after = segments.findIndex((segment) => end(segment) > wanted);
    reveal(after < 0 ? segments.length - 1 : after);
  });
  const ends = make("div", { class: "strip-ends muted" }, make("span", {}, time(from)), make("span", {}, time(to)));
  return make("div", {}, place, ends);
}

function row(kind: string, ...cells: (Node | string)[]): HTMLElement {
  return make("div", { class: `row ${kind}`.trim(), role: "row" }, ...cells.map((cell) => make("span", { role: "cell" }, cell)));
}

/** The URI of a segment or part, which leads into it. */
function name(one: Segment | Part, segment: Segment, { base, init, declared, look }: Of): HTMLElement {
  const { uri, byterange, duration } = one;
  if (uri === null) return make("span", {}, duration === null ? "not finished" : "");
  const wanted = { uri, byterange, duration, init: segment.map ?? init, declared: segment.bitrate ? segment.bitrate * 1000 : declared, key: segment.key ?? null };
  return button(short(uri, base), () => look(wanted), { class: "look", title: `Look into ${uri}` });
}

function segmentRow(segments: Segment[], [at, part]: [number, number], of: Of): HTMLElement {
  const segment = segments[at];
  if (!segment) return make("div");
  if (part >= 0) return partRow(segment, part, of);
  return row(
    segment.gap ? "gap" : "",
    String(segment.sequence ?? segment.number ?? at),
    time(segment.start),
    exact(segment.duration),
    make("span", { class: "what" }, ...chips(segment, segments[at - 1]), name(segment, segment, of)),
  );
}

function partRow(segment: Segment, at: number, of: Of): HTMLElement {
  const part = segment.parts?.[at];
  if (!part) return make("div");
  const what = make("span", { class: "what" });
  if (part.independent) what.append(chip("independent"));
  if (part.gap) what.append(chip("gap", "bad"));
  if (part.byterange) what.append(chip(range(part.byterange)));
  what.append(name(part, segment, of));
  return row("part", `part ${at}`, "", exact(part.duration), what);
}

/** What a segment says beside its URI; key and initialization only where they change. */
function chips(segment: Segment, before?: Segment): HTMLElement[] {
  const out: HTMLElement[] = [];
  if (segment.discontinuity) out.push(chip("discontinuity", "warn"));
  if (segment.gap) out.push(chip("gap", "bad"));
  if (segment.cue) out.push(chip(`cue ${segment.cue.kind}${segment.cue.duration === null ? "" : ` ${exact(segment.cue.duration)}`}`, "ad"));
  const changed = (name: "key" | "map") => JSON.stringify(segment[name] ?? null) !== JSON.stringify(before?.[name] ?? null);
  if (changed("key")) out.push(chip(segment.key ? `key ${segment.key.method}` : "clear", "key", segment.key ? JSON.stringify(segment.key) : ""));
  if (changed("map") && segment.map) out.push(chip("init", "", `${segment.map.uri} ${range(segment.map.byterange)}`));
  if (segment.program_date_time) out.push(chip(segment.program_date_time, "date"));
  if (segment.byterange) out.push(chip(range(segment.byterange), "", "bytes"));
  return out;
}

function runRow(segments: Segment[], run: Run, of: Of): HTMLElement {
  const segment = segments[run.first];
  const last = segments[run.first + run.count - 1];
  if (!segment || !last) return make("div");
  const number = (one: Segment, at: number) => String(one.sequence ?? one.number ?? at);
  return row(
    segment.gap ? "gap" : "",
    number(segment, run.first) + (run.count > 1 ? `–${number(last, run.first + run.count - 1)}` : ""),
    time(segment.start),
    `${run.count} × ${exact(segment.duration)}`,
    make("span", { class: "what" }, ...chips(segment, segments[run.first - 1]), name(segment, segment, of)),
  );
}
