// A playlist's model.

import { button, make } from "../dom.ts";
import { UNKNOWN } from "../words.ts";
import type { Look, Media, Multivariant, Rendition, Variant } from "./model.ts";
import { timeline } from "./segments.ts";
import { bits, chip, count, exact, facts, plain, range, section, short, size, table } from "./words.ts";

/** Opens another playlist of the stream in the inspector; `declared` is its peak in bits a second. */
export type Open = (url: string, declared?: number | null) => void;

export function multivariant(read: Multivariant, base: string, open: Open): HTMLElement[] {
  const steering = read.content_steering;
  const out = [
    facts([
      ["kind", "multivariant playlist"],
      ["version", read.version],
      ["independent segments", read.independent_segments],
      ["start", read.start && `${exact(read.start.time_offset)}${read.start.precise ? ", precise" : ""}`],
      ["steering", steering && `${steering.server_uri} ${steering.pathway_id ?? ""}`],
    ]),
    section(count(read.variants.length, "variant"), variants("Variants", read.variants, base, open)),
  ];
  if (read.renditions.length > 0) out.push(section(count(read.renditions.length, "rendition"), renditions(read.renditions, base, open)));
  if (read.iframe_variants.length > 0) {
    out.push(section(count(read.iframe_variants.length, "I-frame variant"), variants("I-frame variants", read.iframe_variants, base, open)));
  }
  if (read.session_data.length > 0) {
    const rows = read.session_data.map((data) => [data.data_id, plain(data.value ?? data.uri), plain(data.language)]);
    out.push(section("Session data", table("Session data", ["id", "value", "language"], rows)));
  }
  if (read.session_keys.length > 0) {
    const rows = read.session_keys.map((key) => [key.method, plain(key.keyformat), plain(key.uri)]);
    out.push(section("Session keys", table("Session keys", ["method", "format", "URI"], rows)));
  }
  const defines = Object.entries(read.defines);
  if (defines.length > 0) out.push(section("Variables", facts(defines)));
  return out;
}

function playlist(uri: string | null, base: string, open: Open, declared: number | null = null): Node | string {
  return uri === null ? UNKNOWN : button(short(uri, base), () => open(uri, declared), { class: "open", title: `Inspect ${uri}` });
}

function variants(caption: string, list: Variant[], base: string, open: Open): HTMLElement {
  const columns = ["playlist", "size", "bit rate", "average", "codecs", "frames/s", "range", "audio", "video", "subtitles", "captions", "pathway"];
  const rows = list.map((one) => [
    playlist(one.uri, base, open, one.bandwidth),
    size(one.width, one.height),
    bits(one.bandwidth),
    bits(one.average_bandwidth),
    plain(one.codecs),
    plain(one.frame_rate),
    plain(one.video_range),
    plain(one.audio),
    plain(one.video),
    plain(one.subtitles),
    plain(one.closed_captions),
    plain(one.pathway_id),
  ]);
  return table(caption, columns, rows);
}

function renditions(list: Rendition[], base: string, open: Open): HTMLElement {
  const columns = ["type", "group", "name", "language", "playlist", "", "channels", "characteristics", "in stream"];
  const rows = list.map((one) => [
    one.type,
    one.group,
    one.name,
    plain(one.language),
    playlist(one.uri, base, open),
    [one.default ? "default" : "", one.autoselect ? "autoselect" : "", one.forced ? "forced" : ""].filter(Boolean).join(", "),
    plain(one.channels),
    plain(one.characteristics),
    plain(one.instream_id),
  ]);
  return table("Renditions", columns, rows);
}

export function media(read: Media, base: string, open: Open, declared: number | null, look: Look): HTMLElement[] {
  const control = read.server_control;
  const keys = new Set(read.segments.map((segment) => segment.key?.method ?? null));
  const of = (holds: (segment: Media["segments"][number]) => unknown) => read.segments.filter(holds).length || null;
  const out = [
    facts([
      ["kind", `media playlist, ${read.is_live ? "live" : read.playlist_type === null ? "complete" : read.playlist_type}`],
      ["version", read.version],
      ["duration", exact(read.total_duration)],
      ["target duration", exact(read.target_duration)],
      ["media sequence", read.media_sequence],
      ["discontinuity sequence", read.discontinuity_sequence || null],
      ["discontinuities", of((segment) => segment.discontinuity)],
      ["gaps", of((segment) => segment.gap)],
      ["encryption", [...keys].filter(Boolean).join(", ")],
      ["I-frames only", read.iframes_only || null],
      ["independent segments", read.independent_segments || null],
      ["part target", read.part_target_duration && exact(read.part_target_duration)],
      ["blocking reload", control?.can_block_reload],
      ["hold back", control?.hold_back && exact(control.hold_back)],
      ["part hold back", control?.part_hold_back && exact(control.part_hold_back)],
      ["can skip until", control?.can_skip_until && exact(control.can_skip_until)],
      ["skipped segments", read.skipped_segments || null],
    ]),
    section("Timeline", timeline(read.segments, { base, init: null, declared, look })),
  ];
  if (read.dateranges.length > 0) {
    const rows = read.dateranges.map((one) => {
      const scte = ["scte35_out", "scte35_in", "scte35_cmd"].filter((name) => one[name] !== null && one[name] !== undefined);
      const name = make("span", {}, one.id, ...scte.map((name) => chip(name.replace("scte35_", "SCTE-35 "), "ad", plain(one[name]))));
      return [name, plain(one.class), plain(one.start_date), plain(one.end_date), exact(one.duration), exact(one.planned_duration)];
    });
    out.push(section(count(rows.length, "date range"), table("Date ranges", ["id", "class", "start", "end", "duration", "planned"], rows)));
  }
  if (read.preload_hints.length > 0) {
    const rows = read.preload_hints.map((hint) => [hint.type, short(hint.uri, base), range(hint.byterange)]);
    out.push(section("Preload hints", table("Preload hints", ["type", "URI", "bytes"], rows)));
  }
  if (read.rendition_reports.length > 0) {
    const rows = read.rendition_reports.map((report) => [playlist(report.uri, base, open), plain(report.last_msn), plain(report.last_part)]);
    out.push(section("Rendition reports", table("Rendition reports", ["playlist", "last segment", "last part"], rows)));
  }
  return out;
}
