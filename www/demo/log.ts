// What happened and why, newest on top: decisions, requests, errors, playback, beacons.

import { button, byId, make, setText } from "./dom.ts";
import { collector, origin } from "./page.ts";
import type { Session } from "./session.ts";
import { bytes, clock, millis, rate, seconds, shortUrl } from "./words.ts";

const KINDS = ["decisions", "requests", "errors", "playback", "beacons"] as const;
type Kind = (typeof KINDS)[number];

interface Entry {
  at: number;
  kind: Kind;
  text: string;
  /** The event as the player gave it, for the copy. */
  detail: unknown;
}

/** Enough for half an hour of a long view; older entries are forgotten. */
const MOST = 500;

export function showLog(session: Session): void {
  const list = byId("log", HTMLOListElement);
  const entries: Entry[] = [];

  const add = (kind: Kind, at: number, label: string, text: string, detail: unknown, flavour = "") => {
    entries.push({ at, kind, text: `${label}: ${text}`, detail });
    const held = list.scrollTop > 0 ? list.scrollHeight : null;
    list.prepend(
      make(
        "li",
        { "data-kind": kind, class: flavour },
        make("time", {}, at.toFixed(2)),
        make("span", { class: "tag" }, label),
        make("span", { class: "text" }, text),
      ),
    );
    if (entries.length > MOST) {
      entries.shift();
      list.lastElementChild?.remove();
    }
    // Someone who scrolled down to read keeps the line under the eye.
    if (held !== null) list.scrollTop += list.scrollHeight - held;
  };

  session.on("load", (source) => {
    entries.length = 0;
    list.replaceChildren();
    add("playback", 0, "load", source.url, source);
  });
  session.on("decision", (d) => {
    const facts = `buffer ${seconds(d.bufferSeconds)}, throughput ${rate(d.throughputKbps)}`;
    const height = d.height === null ? d.rendition : `${d.height}p`;
    add("decisions", d.at, d.reason, `${height} ${rate(d.kbps)}. ${d.words} (${facts})`, d);
  });
  session.on("request", (r) => {
    const ok = !r.aborted && r.status >= 200 && r.status < 300;
    const speed = r.bodySeconds > 0.001 && r.bytes > 16_000 ? `, ${rate((r.bytes * 8) / 1000 / r.bodySeconds)}` : "";
    const outcome = r.aborted ? "dropped" : r.status === 0 ? "no answer" : String(r.status);
    const text = `${shortUrl(r.url)} ${outcome}, ${bytes(r.bytes)} in ${millis(r.firstByteSeconds)} + ${millis(r.bodySeconds)}${speed}`;
    // It is told of at its end, and stands there, among what was decided meanwhile.
    add("requests", r.at + r.firstByteSeconds + r.bodySeconds, r.kind, text, r, ok ? "" : r.aborted ? "dim" : "degraded");
  });
  session.on("error", (e) => {
    const { url, status, position, what } = e.context;
    const context = [
      what,
      status === undefined ? undefined : `status ${status}`,
      position === undefined ? undefined : `at ${position}`,
      url,
    ].filter((part) => part !== undefined);
    const text = `${e.message} [${e.code}]${context.length > 0 ? ` ${context.join(", ")}` : ""}`;
    const { code, category, severity, message } = e;
    add("errors", session.elapsed, severity, text, { code, category, severity, message, context: e.context }, severity);
  });
  session.on("tracks", (tracks) => {
    const words = tracks.map((t) => `${t.kind}${t.language === null ? "" : ` ${t.language}`} (${t.renditions.length})`).join(", ");
    add("playback", session.elapsed, "tracks", words, tracks);
  });
  session.on("rendition", (r) => {
    add("playback", r.at, "shown", `${r.height === null ? r.rendition : `${r.height}p`} ${rate(r.kbps)} reaches the playhead`, r);
  });
  session.on("stall", (s) => {
    add("playback", s.at, "stall", s.seconds === null ? "begins" : `over after ${seconds(s.seconds, 2)}`, s, "degraded");
  });
  session.on("beacon", (b) => {
    const count = b.body.split("\n").filter((line) => line.trim() !== "").length;
    const outcome = b.status === 0 ? "not delivered" : `status ${b.status}`;
    add("beacons", b.at, "beacon", `${count} ${count === 1 ? "record" : "records"}, ${outcome}`, b, b.status === 204 ? "" : "degraded");
  });
  session.on("media", (type) => {
    if (type === "volumechange") return;
    const element = session.element;
    const extra = type === "ratechange" ? ` ${element?.playbackRate ?? 1}×` : "";
    add("playback", session.elapsed, type, `at ${clock(element?.currentTime ?? null)}${extra}`, { type, position: element?.currentTime ?? null });
  });

  const filters = byId("log-filters", HTMLElement);
  for (const kind of KINDS) {
    const toggle = button(
      kind,
      () => {
        const shown = toggle.getAttribute("aria-pressed") !== "true";
        toggle.setAttribute("aria-pressed", String(shown));
        list.classList.toggle(`without-${kind}`, !shown);
      },
      { "aria-pressed": "true" },
    );
    filters.append(toggle);
  }

  const copy = byId("log-copy", HTMLButtonElement);
  copy.addEventListener("click", () => void copyReport());

  async function copyReport(): Promise<void> {
    const report = {
      page: location.href,
      origin: origin?.href ?? null,
      collector: collector?.href ?? null,
      browser: navigator.userAgent,
      stats: session.player?.stats() ?? null,
      tracks: session.player?.tracks ?? [],
      decisions: session.player?.decisions() ?? [],
      log: entries,
    };
    const label = "Copy as JSON";
    try {
      await navigator.clipboard.writeText(JSON.stringify(report, null, 1));
      setText(copy, "Copied");
    } catch {
      setText(copy, "The browser refused");
    }
    setTimeout(() => setText(copy, label), 2000);
  }
}
