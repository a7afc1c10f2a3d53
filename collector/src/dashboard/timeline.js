// A view's timeline as SVG: bands of states, the bit rate as steps, stalls, switches and errors marked.

import { STATES, duration, kbps, word } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 66;
const RIGHT = 10;
const BAND = { top: 4, height: 18 };
const CHART = { top: 36, height: 150 };
const HEIGHT = CHART.top + CHART.height + 24;

/**
 * What the records tell over time, in ms since the first: {end, states: [{from, to, name}], rates: [{at, kbps}],
 * switches: [at], errors: [{at, codes}]}. Request reports (rr) are dated by their request's start and left out.
 */
export function read(events) {
  const records = events.filter((event) => event.event !== "rr");
  const start = records.length > 0 ? records[0].ts : 0;
  const line = { end: 0, states: [], rates: [], switches: [], errors: [] };
  const told = records.some((record) => "io.thalweg-sw" in record.keys);
  let shown = false;
  let switches = 0;
  let changes = 0;
  for (const { ts, event, keys } of records) {
    const at = Math.max(line.end, ts - start);
    line.end = at;
    const name = word(STATES, keys.sta, null);
    const last = line.states.at(-1);
    if (last) last.to = at;
    if (name && name !== last?.name) line.states.push({ from: at, to: at, name });
    const pb = sum(keys.pb);
    shown ||= pb > 0;
    const rate = shown ? pb : sum(keys.br);
    if (rate > 0 && rate !== line.rates.at(-1)?.kbps) line.rates.push({ at, kbps: rate });
    const count = told ? Number(keys["io.thalweg-sw"]) || switches : Math.max(0, (changes += event === "bc" ? 1 : 0) - 1);
    if (count > switches) line.switches.push(at);
    switches = Math.max(switches, count);
    if (Array.isArray(keys.ec)) line.errors.push({ at, codes: keys.ec.map(plain).join(", ") });
  }
  return line;
}

const plain = (item) => (item !== null && typeof item === "object" ? item.value : item);
const sum = (list) => (Array.isArray(list) ? list.map(plain).filter(Number.isFinite).reduce((a, b) => a + b, 0) : 0);

/** Draws what `read` gave into an element of this width. */
export function draw(line, width) {
  const svg = node("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img" });
  const stalls = line.states.filter((state) => state.name === "stalled");
  const stalled = stalls.reduce((time, state) => time + state.to - state.from, 0);
  svg.setAttribute(
    "aria-label",
    `${duration(line.end)} long, ${stalls.length} stalls of ${duration(stalled)} together, ${line.switches.length} switches, ${line.errors.length} errors. The events are listed below.`,
  );
  const span = Math.max(line.end, 1);
  const room = Math.max(width - LEFT - RIGHT, 1);
  const x = (at) => LEFT + (at / span) * room;
  const top = nice(Math.max(...line.rates.map((rate) => rate.kbps), 1) * 1.08);
  const y = (value) => CHART.top + CHART.height * (1 - value / top);

  for (let i = 0; i <= 3; i++) {
    const value = (top / 3) * i;
    svg.append(node("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    svg.append(label(LEFT - 8, y(value) + 4, "end", i === 0 ? "0" : kbps(value)));
  }
  const step = ticks(span, Math.max(2, Math.floor(room / 90)));
  for (let at = 0; at <= span; at += step) {
    const anchor = at === 0 ? "start" : x(at) > width - 30 ? "end" : "middle";
    svg.append(label(x(at), HEIGHT - 6, anchor, at === 0 ? "0" : duration(at)));
  }
  svg.append(label(LEFT - 8, BAND.top + 13, "end", "state"));
  for (const state of line.states) {
    // A stall of 100 ms in an hour is still to be seen.
    const size = { x: x(state.from), width: Math.max(x(state.to) - x(state.from), state.name === "stalled" ? 2 : 0.5) };
    const band = node("rect", { class: state.name, y: BAND.top, height: BAND.height, rx: 2, ...size });
    band.append(title(`${state.name} for ${duration(state.to - state.from)}, from ${duration(state.from)}`));
    svg.append(band);
    if (state.name === "stalled") {
      svg.append(node("rect", { class: "stall", y: CHART.top, height: CHART.height, ...size }));
    }
  }
  for (const at of line.switches) {
    const mark = node("line", { class: "switch", x1: x(at), x2: x(at), y1: CHART.top, y2: CHART.top + CHART.height });
    mark.append(title(`switch at ${duration(at)}`));
    svg.append(mark);
  }
  if (line.rates.length > 0) {
    const steps = line.rates.map((rate, i) => {
      const until = line.rates[i + 1]?.at ?? line.end;
      return `L${x(rate.at)} ${y(rate.kbps)}L${x(until)} ${y(rate.kbps)}`;
    });
    const path = `M${steps.join("").slice(1)}`;
    svg.append(node("path", { class: "area", d: `${path}L${x(line.end)} ${y(0)}L${x(line.rates[0].at)} ${y(0)}Z` }));
    svg.append(node("path", { class: "line", d: path }));
  }
  for (const { at, codes } of line.errors) {
    const dot = node("circle", { class: "error", cx: x(at), cy: CHART.top + CHART.height, r: 5 });
    dot.append(title(`${codes} at ${duration(at)}`));
    svg.append(dot);
  }
  return svg;
}

function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function title(text) {
  const element = node("title", {});
  element.textContent = text;
  return element;
}

function label(x, y, anchor, text) {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

/** The next of 3, 6, 9, 12, 15, 30, … times a power of ten: a third of it is a round figure. */
function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(value / 3));
  return 3 * unit * [1, 2, 3, 4, 5, 10].find((n) => 3 * unit * n >= value);
}

/** A step in ms that people count in, with at most `most` of them in the span. */
function ticks(span, most) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((s) => s * 1000);
  return steps.find((step) => span / step <= most) ?? Math.ceil(span / most);
}
