// Words and figures for people, and elements made without markup: whatever players sent is only ever a text node.

const number = (digits) => new Intl.NumberFormat(undefined, { maximumFractionDigits: digits });
const whole = number(0);
const tenth = number(1);
const hundredth = number(2);

/** What is shown where a view does not tell. */
export const NONE = "–";

const orNone = (show) => (value) => (value === null || value === undefined ? NONE : show(value));

export const count = orNone((n) => whole.format(n));
export const percent = orNone((ratio) => `${hundredth.format(ratio * 100)} %`);
export const kbps = orNone((n) => (n >= 1000 ? `${hundredth.format(n / 1000)} Mb/s` : `${whole.format(n)} kb/s`));
export const bytes = orNone((n) => (n >= 1e9 ? `${hundredth.format(n / 1e9)} GB` : n >= 1e6 ? `${tenth.format(n / 1e6)} MB` : `${tenth.format(n / 1e3)} kB`));

/** A duration: "430 ms", "2.1 s", "4:05", "1:02:03". */
export const duration = orNone((ms) => {
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 60_000) return `${tenth.format(ms / 1000)} s`;
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
});

/** A moment; of today only the time. */
export function moment(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return NONE;
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const today = date.toDateString() === new Date().toDateString();
  return today ? time : `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

/** CMCD's `sta`: its word, which is also its class. */
export const STATES = {
  s: "starting", p: "playing", k: "seeking", r: "stalled", a: "paused", w: "waiting", e: "ended", f: "failed", q: "left", d: "preloading",
};

/** CMCD's `e`. */
export const EVENTS = {
  ps: "state", e: "error", t: "heartbeat", rr: "request", bc: "bit rate", c: "content", b: "visibility", pr: "rate", h: "host",
  m: "muted", um: "unmuted", pe: "expanded", pc: "collapsed", as: "ad start", ae: "ad end", abs: "ad break start", abe: "ad break end",
  sk: "skip", ce: "custom",
};

/** Names of custom events (`cen`). */
export const CUSTOM = { "io.thalweg-sw": "switch" };

/** An own entry of one of the tables above. */
export const word = (table, token, otherwise = token) => (Object.hasOwn(table, token) ? table[token] : otherwise);

/** An element with a class and children; strings become text. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** The badge of a view's state; a failed view stays failed when it is left. */
export function badge(view) {
  if (view.state === null) return make("span", "none", NONE);
  const name = view.start_failed || view.play_failed ? "failed" : word(STATES, view.state, "unknown");
  return make("span", `state ${name}`, name);
}

/** One figure of a list: name, value, what stands beside it. */
export function figure(name, value, beside = "", bad = false) {
  const dd = make("dd", "", make("div", "value", value));
  if (beside) dd.append(make("div", "beside", beside));
  return make("div", bad ? "bad" : "", make("dt", "", name), dd);
}
