// An MPD's model: periods, adaptation sets, and the segments of the representation that is chosen.

import { button, make } from "../dom.ts";
import type { AdaptationSet, Look, Mpd, Period, Representation } from "./model.ts";
import { timeline } from "./segments.ts";
import { bits, chip, count, exact, facts, plain, range, section, short, size, table, time } from "./words.ts";

export function mpd(read: Mpd, base: string, look: Look): HTMLElement[] {
  const clocks = read.utc_timings.map((clock) => `${clock.scheme.replace("urn:mpeg:dash:utc:", "")} ${clock.value ?? ""}`);
  const out = [
    facts([
      ["kind", `MPD, ${read.type}`],
      ["duration", read.duration && exact(read.duration)],
      ["available from", read.availability_start_time],
      ["update period", read.minimum_update_period === null ? null : exact(read.minimum_update_period)],
      ["delay suggested", read.suggested_presentation_delay && exact(read.suggested_presentation_delay)],
      ["time shift", read.time_shift_buffer_depth && exact(read.time_shift_buffer_depth)],
      ["buffer time", read.min_buffer_time && exact(read.min_buffer_time)],
      ["longest segment", read.max_segment_duration && exact(read.max_segment_duration)],
      ["clock", clocks.join(", ")],
      ["location", read.locations.join(", ")],
      ["patch", read.patch_location],
      ["steering", read.content_steering],
      ["service", read.service_description],
    ]),
  ];
  if (read.periods.length > 1) out.push(periodStrip(read.periods));
  return [...out, ...read.periods.map((one, i) => period(one, i, base, look, read.periods.length <= 3 || i === 0))];
}

/** The periods one after the other; a click leads to one. */
function periodStrip(periods: Period[]): HTMLElement {
  const place = make("div", { class: "periods", role: "group", "aria-label": "Periods" });
  periods.forEach((one, i) => {
    const piece = button(one.id ?? String(i), () => {
      const details = place.parentElement?.querySelectorAll<HTMLDetailsElement>("details.period")[i];
      if (details) details.open = true;
      details?.scrollIntoView({ block: "start" });
    });
    piece.title = `${time(one.start)}, ${exact(one.duration)}`;
    piece.style.flexGrow = String(Math.max(one.duration ?? 0, 0.1));
    place.append(piece);
  });
  return place;
}

/** What is closed is not built: an MPD may have hundreds of periods. */
function period(one: Period, at: number, base: string, look: Look, open: boolean): HTMLElement {
  const words = `Period ${one.id ?? at} · from ${time(one.start)} · ${one.duration === null ? "open end" : exact(one.duration)}`;
  const sets = one.adaptation_sets.length;
  const details = make("details", { class: "period" }, make("summary", {}, make("h3", {}, words), make("span", { class: "muted" }, ` ${count(sets, "adaptation set")}`)));
  const build = () => {
    if (details.childElementCount > 1) return;
    details.append(...one.adaptation_sets.map((set, i) => adaptationSet(set, i, base, look)));
    // One timeline is shown from the start: the others of a set are mostly the same.
    if (at === 0) details.querySelector<HTMLButtonElement>("button.open")?.click();
    if (one.event_streams.length > 0) details.append(events(one));
  };
  details.addEventListener("toggle", build);
  if (open) build();
  details.open = open;
  return details;
}

function events(one: Period): HTMLElement {
  const rows = one.event_streams.flatMap((stream) =>
    stream.events.map((event) => [stream.scheme, plain(stream.value), plain(event.id), time(event.start), exact(event.duration), plain(event.message).slice(0, 300)]),
  );
  return section(count(rows.length, "event"), table("Events", ["scheme", "value", "id", "start", "duration", "message"], rows));
}

function adaptationSet(set: AdaptationSet, at: number, base: string, look: Look): HTMLElement {
  const head = make("h4", {}, `${set.type ?? "unknown"} ${set.id ?? at}`);
  for (const text of [set.language, set.label, ...set.roles]) if (text !== null) head.append(" ", chip(text));
  for (const one of set.protection) head.append(" ", chip(scheme(one.scheme), "key", `${one.scheme}${one.default_kid === null ? "" : `, key ${one.default_kid}`}`));
  if (set.dropped !== null) head.append(" ", chip(`not used: ${set.dropped}`, "bad"));
  const place = make("div");
  const buttons: HTMLButtonElement[] = [];
  const rows = set.representations.map((one, i) => {
    const choose = button(one.id ?? String(i), () => {
      const chosen = choose.getAttribute("aria-pressed") !== "true";
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === choose && chosen));
      place.replaceChildren(...(chosen ? [representation(one, base, look)] : []));
    }, { class: "open", "aria-pressed": "false", title: "Show its segments" });
    buttons.push(choose);
    const sound = one.audio_sampling_rate === null ? "" : `${one.audio_sampling_rate} Hz${one.channels === null ? "" : `, ${one.channels} ch`}`;
    return [choose, size(one.width, one.height), bits(one.bandwidth), plain(one.codecs), plain(one.frame_rate), sound, one.addressing, String(one.segments.length)];
  });
  const columns = ["representation", "size", "bit rate", "codecs", "frames/s", "sound", "addressing", "segments"];
  return make("section", { class: "set" }, head, table(`Representations of ${set.type ?? "set"} ${set.id ?? at}`, columns, rows), place);
}

function representation(one: Representation, base: string, look: Look): HTMLElement {
  const resource = (init: Representation["init"]) => init && `${short(init.uri, base)} ${range(init.byterange)}`;
  return make(
    "div",
    { class: "chosen" },
    facts([
      ["timescale", one.timescale],
      ["initialization", resource(one.init)],
      ["index", resource(one.index)],
      ["tiles", one.tiles && `${one.tiles.columns}×${one.tiles.rows}`],
    ]),
    one.index !== null && one.segments.length === 0
      ? make("p", { class: "muted" }, "Its segments are listed in its index, which the inspector does not fetch.")
      : timeline(one.segments, { base, init: one.init, declared: one.bandwidth, look }),
  );
}

/** The short name of a protection scheme in use. */
function scheme(uri: string): string {
  const known: Record<string, string> = {
    "urn:mpeg:dash:mp4protection:2011": "mp4protection",
    "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed": "Widevine",
    "urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95": "PlayReady",
    "urn:uuid:94ce86fb-07ff-4f43-adb8-93d2fa968ca2": "FairPlay",
    "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e": "ClearKey",
    "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b": "W3C common",
  };
  return known[uri.toLowerCase()] ?? uri;
}
