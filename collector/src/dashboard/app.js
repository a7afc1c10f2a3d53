// The dashboard: asks this collector every few seconds while it is looked at. `#` lists the views, `#<sid>` is one.

import { CUSTOM, EVENTS, NONE, badge, bytes, count, duration, figure, kbps, make, moment, percent, word } from "./format.js";
import { draw, read } from "./timeline.js";

const REFRESH = 5000;
/** Rows of the table; the headline counts more. */
const ROWS = 100;
const MOST = 1000;

const byId = (id) => document.getElementById(id);
let asked = 0;
let timer = 0;
let shown = "";
let line = null;

byId("endpoint").textContent = new URL("v1/beacons", location.href).href;
byId("range").addEventListener("change", refresh);
addEventListener("hashchange", () => {
  shown = "";
  refresh().then(() => selected() && byId("view-title").focus());
  scrollTo(0, 0);
});
document.addEventListener("visibilitychange", refresh);
new ResizeObserver(drawTimeline).observe(byId("timeline"));
refresh();

function selected() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  const turn = ++asked;
  const sid = selected();
  try {
    const answer = sid ? await ask(`v1/views/${encodeURIComponent(sid)}`) : await askAll();
    // The viewer has gone on while the answer was on its way.
    if (turn !== asked) return;
    const text = JSON.stringify(answer);
    if (text !== shown) (sid ? showOne : showAll)(answer);
    shown = text;
    byId("all").hidden = Boolean(sid);
    byId("one").hidden = !sid;
    byId("range").parentElement.hidden = Boolean(sid);
    if (sid) drawTimeline();
    status(`updated ${moment(Date.now())}`, false);
  } catch (error) {
    if (turn !== asked) return;
    // What was shown before is kept on the page while the collector is away, but not under another view's address.
    if (shown === "") byId("all").hidden = byId("one").hidden = true;
    status(error.message, true);
  }
  timer = setTimeout(refresh, REFRESH);
}

function status(text, bad) {
  byId("status").textContent = text;
  byId("status").className = bad ? "bad" : "";
}

async function ask(path) {
  let response;
  try {
    response = await fetch(path);
  } catch {
    throw new Error("the collector does not answer");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.reason ?? `the collector answered ${response.status}`);
  return answer;
}

async function askAll() {
  const seconds = Number(byId("range").value);
  // Whole minutes, so that an unchanged answer is an equal one.
  const since = seconds > 0 ? Math.floor((Date.now() - seconds * 1000) / 60_000) * 60_000 : 0;
  const metric = async (name) => (await ask(`v1/metrics?metric=${name}&by=none&from=${since}`)).groups[0] ?? null;
  const [views, startup, stall, rate] = await Promise.all([
    ask(`v1/views?limit=${MOST}&since=${since}`),
    metric("startup_ms"),
    metric("stall_ratio"),
    metric("mean_kbps"),
  ]);
  return { views, startup, stall, rate };
}

function showAll({ views, startup, stall, rate }) {
  document.title = "Thalweg collector";
  const failed = views.filter((view) => view.start_failed || view.play_failed).length;
  const erring = views.filter((view) => view.error_count > 0 || view.start_failed || view.play_failed).length;
  const many = views.length === MOST ? "+" : "";
  const playing = views.filter((view) => view.state === "p" && Date.now() - view.received < 60_000).length;
  byId("figures").replaceChildren(
    figure("Views", count(views.length) + many, `${count(playing)} playing now`),
    figure("Start-up, median", duration(startup?.p50), `95 % within ${duration(startup?.p95)}`),
    figure("Time stalled", percent(stall?.mean), "of the time watched"),
    figure("Mean bit rate", kbps(rate?.mean), `median view ${kbps(rate?.p50)}`),
    figure("Views with errors", count(erring) + many, `${count(failed)} of them failed`, failed > 0),
  );
  const focused = document.activeElement?.dataset?.sid;
  const rows = views.slice(0, ROWS).map(row);
  byId("views").replaceChildren(...rows);
  rows.map((tr) => tr.querySelector("a")).find((link) => link.dataset.sid === focused)?.focus();
  byId("empty").hidden = views.length > 0;
  byId("more").hidden = views.length <= ROWS;
  byId("more").textContent = `The newest ${ROWS} are listed.`;
}

function row(view) {
  const link = make("a", "", view.cid ?? view.sid);
  link.href = `#${encodeURIComponent(view.sid)}`;
  link.dataset.sid = view.sid;
  link.title = `${view.cid ?? ""} ${view.sid}`.trim();
  const cell = (text, className = "") => make("td", `number ${className} ${text === NONE ? "none" : ""}`, text);
  const stalls = view.stalls > 0 ? `${count(view.stalls)} · ${duration(view.stall_ms)}` : count(view.stalls);
  const tr = make(
    "tr", "",
    make("td", "", link),
    make("td", "", moment(view.started)),
    make("td", "", badge(view)),
    cell(duration(view.startup_ms)),
    cell(stalls, view.stalls > 0 ? "hot" : ""),
    cell(kbps(view.mean_kbps)),
    cell(duration(view.watched_ms), "wide"),
    cell(count(view.switches), "wide"),
    cell(count(view.dropped_frames), "wide"),
    cell(count(view.error_count), view.error_count > 0 ? "wide hot" : "wide"),
  );
  tr.addEventListener("click", () => link.click());
  link.addEventListener("click", (event) => event.stopPropagation());
  return tr;
}

function showOne({ view, events, truncated }) {
  document.title = `${view.cid ?? view.sid} – Thalweg collector`;
  byId("view-title").textContent = view.cid ?? view.sid;
  byId("view-state").replaceChildren(badge(view));
  const formats = { d: "DASH", h: "HLS", s: "Smooth Streaming", e: "HESP" };
  const about = [
    `session ${view.sid}`, `project ${view.project}`, `began ${moment(view.started)}`,
    view.format && word(formats, view.format), view.stream_type && (view.stream_type === "v" ? "on demand" : "live"),
    view.host && `from ${view.host}`,
  ];
  byId("view-about").textContent = about.filter(Boolean).join(" · ");
  const frames = view.total_frames > 0 ? `of ${count(view.total_frames)}` : "";
  const startup = view.start_failed ? "failed before it" : view.exited_before_start ? "left before it" : "";
  const last = `last ${kbps(view.last_kbps)}${view.height === null ? "" : `, ${view.height}p`}`;
  byId("view-figures").replaceChildren(
    figure("Start-up", duration(view.startup_ms), startup, view.start_failed),
    figure("Stalls", count(view.stalls), view.stalls > 0 ? `${duration(view.stall_ms)}, ${percent(view.stall_ratio)}` : ""),
    figure("Mean bit rate", kbps(view.mean_kbps), last),
    figure("Switches", count(view.switches)),
    figure("Watched", duration(view.watched_ms), `played ${duration(view.played_ms)}`),
    figure("Dropped frames", count(view.dropped_frames), frames),
    figure("Downloaded", bytes(view.bytes)),
    figure("Errors", count(view.error_count), [...new Set(view.errors)].join(", "), view.play_failed || view.start_failed),
  );
  line = read(events);
  const start = events[0]?.ts ?? 0;
  byId("events").replaceChildren(...events.map((event, i) => eventRow(event, events[i - 1]?.keys ?? {}, start)));
  byId("truncated").hidden = !truncated;
  byId("truncated").textContent = `The first ${count(events.length)} of ${count(view.events)} records are shown.`;
}

/** Keys that the page or the row shows otherwise. */
const COMMON = new Set(["cid", "e", "sid", "sn", "sta", "ts", "v"]);

/** A record, with those of its keys that were not the same in the record before. */
function eventRow({ ts, event, keys }, before, start) {
  const state = Object.hasOwn(keys, "sta") ? badge({ state: keys.sta }) : "";
  const same = (key) => Object.hasOwn(before, key) && text(before[key]) === text(keys[key]);
  const pairs = Object.entries(keys).filter(([key]) => !COMMON.has(key) && !same(key));
  const named = event === "ce" && typeof keys.cen === "string" ? word(CUSTOM, keys.cen) : word(EVENTS, event);
  return make(
    "tr", "",
    make("td", "number", `${((ts - start) / 1000).toFixed(1)} s`),
    make("td", event === "e" ? "hot" : "", event === "ps" ? state : named),
    make("td", "keys", ...pairs.map(([key, value]) => make("span", "", `${key} `, make("b", "", text(value))))),
  );
}

/** A value as it reads in the record. */
function text(value) {
  if (Array.isArray(value)) return value.map(text).join(" ");
  if (value !== null && typeof value === "object") return `${text(value.value)};${Object.keys(value.params).join(";")}`;
  return value === true ? "yes" : value === false ? "no" : String(value);
}

function drawTimeline() {
  const place = byId("timeline");
  const style = getComputedStyle(place);
  const width = place.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  if (line && width > 0) place.replaceChildren(draw(line, Math.round(width)));
}
