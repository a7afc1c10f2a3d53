// A segment's insides: what the manifest says of it and what it is, its tracks and times, what is timed beside them, and its boxes or packets.

import { make } from "../dom.ts";
import { bytes } from "../words.ts";
import type { Refusal, Wanted, Warning } from "./model.ts";
import { Tree } from "./tree.ts";
import { bits, chip, count, exact, facts, plain, section, size, table, time } from "./words.ts";

/** What the inspector's module gives of a segment, as far as it is shown. Absent values are null. */
export interface Media {
  format: string;
  /** Seconds. */
  duration: number | null;
  tracks: MediaTrack[];
  captions: { channel: string; cues: { start: number; end: number; text: string }[] }[];
  cues: { id: string | null; start: number; end: number; settings: string | null; text: string }[];
  id3: { time: number | null; frames: { id: string; description: string | null; value: unknown }[] }[];
  events: { scheme: string; value: string; id: number; time: number; duration: number | null; message_base64: string }[];
  boxes?: Box[] | null;
  sidx: { start: number; duration: number; offset: number; size: number; starts_with_sap: boolean }[];
  transport?: Transport | null;
  warnings: Warning[];
}

interface MediaTrack {
  id: number;
  type: string;
  codec: string;
  width: number | null;
  height: number | null;
  frame_rate: number | null;
  sample_rate: number | null;
  channels: number | null;
  language: string | null;
  encrypted: string | null;
  samples: number;
  keyframes: number;
  bytes: number;
  /** Ticks a second of the times. */
  timescale: number;
  first_pts: number | null;
  last_pts: number | null;
  first_dts: number | null;
  last_dts: number | null;
}

interface Box {
  type: string;
  offset: number;
  size: number;
  children?: Box[];
}

interface Transport {
  packet_size: number;
  packets: number;
  pids: { pid: number; what: string; packets: number; units: number; continuity_errors: number; scrambled: number }[];
}

/** What came of looking into a segment. */
export interface Seen {
  read: Media | Refusal;
  /** Bytes of the segment, without its initialization segment. */
  bytes: number;
  /** From the request to the last byte. */
  seconds: number;
  type: string | null;
}

export function segment(wanted: Wanted, { read, bytes: length, seconds, type }: Seen): HTMLElement[] {
  const real = wanted.duration ? (length * 8) / wanted.duration : null;
  const over = real !== null && wanted.declared !== null && real > wanted.declared;
  const rate = make("span", {}, bits(real), ...(over ? [" ", chip("above what is declared", "warn")] : []));
  const known: [string, unknown][] = [
    ["segment", wanted.uri],
    ["size", `${bytes(length)} in ${exact(Math.round(seconds * 1000) / 1000)}`],
    ["content type", type],
    ["bit rate", real === null ? null : rate],
    ["declared", wanted.declared && bits(wanted.declared)],
    ["key", wanted.key && wanted.key.method],
  ];
  if ("error" in read) {
    const { code, message, context } = read.error;
    const why = wanted.key?.method === "AES-128" ? " It is encrypted as a whole, and the inspector has no key." : "";
    const detail = facts([["code", code], ["byte", context.position], ["in", context.what]]);
    return [facts(known), make("div", { class: "notice fatal" }, make("div", { class: "notice-text" }, make("strong", {}, message + why), detail))];
  }
  const lasts = read.duration;
  const differs = lasts !== null && wanted.duration !== null && Math.abs(lasts - wanted.duration) > 0.1;
  known.push(
    ["format", read.format],
    ["duration", make("span", {}, exact(lasts), ...(differs ? [" ", chip(`declared ${exact(wanted.duration)}`, "warn")] : []))],
  );
  const out = [facts(known), section(count(read.tracks.length, "track"), ...tracks(read.tracks, lasts))];
  if (read.warnings.length > 0) {
    out.push(section(count(read.warnings.length, "warning"), make("ul", { class: "notes" }, ...read.warnings.map((one) => make("li", {}, make("code", {}, one.code), ` ${one.message}`)))));
  }
  const cues = [
    ...read.captions.flatMap((one) => one.cues.map((cue) => [one.channel, time(cue.start), time(cue.end), cue.text])),
    ...read.cues.map((cue) => [plain(cue.id), time(cue.start), time(cue.end), cue.text]),
  ];
  if (cues.length > 0) out.push(section(count(cues.length, "cue"), table("Cues", ["in", "from", "to", "text"], cues)));
  const tags = read.id3.flatMap((tag) => tag.frames.map((frame) => [time(tag.time), frame.id, plain(frame.description), plain(frame.value).slice(0, 300)]));
  if (tags.length > 0) out.push(section(count(read.id3.length, "ID3 tag"), table("ID3", ["at", "frame", "description", "value"], tags)));
  if (read.events.length > 0) {
    const rows = read.events.map((one) => [one.scheme, one.value, String(one.id), time(one.time), exact(one.duration), one.message_base64.slice(0, 300)]);
    out.push(section(count(rows.length, "event"), table("Events", ["scheme", "value", "id", "at", "duration", "message (base64)"], rows)));
  }
  if (read.sidx.length > 0) {
    const rows = read.sidx.map((one) => [time(one.start), exact(one.duration), String(one.offset), bytes(one.size), one.starts_with_sap ? "yes" : "no"]);
    out.push(section("Index", table("Index", ["at", "duration", "offset", "size", "begins with SAP"], rows)));
  }
  if (read.transport) out.push(section(`${read.transport.packets} packets of ${read.transport.packet_size} bytes`, packets(read.transport)));
  if (read.boxes?.length) out.push(section("Boxes", new Tree(Object.fromEntries(boxes(read.boxes))).element));
  return out;
}

function tracks(list: MediaTrack[], duration: number | null): HTMLElement[] {
  const at = (ticks: number | null, one: MediaTrack) =>
    make("span", { title: `${plain(ticks)} of ${one.timescale} a second` }, time(ticks === null ? null : ticks / one.timescale));
  const what = list.map((one) => [
    String(one.id),
    one.type,
    one.codec,
    size(one.width, one.height),
    plain(one.frame_rate === null ? null : Math.round(one.frame_rate * 1000) / 1000),
    one.sample_rate === null ? "" : `${one.sample_rate} Hz${one.channels === null ? "" : `, ${one.channels} ch`}`,
    plain(one.language),
    plain(one.encrypted),
    bits(duration ? (one.bytes * 8) / duration : null),
  ]);
  const when = list.map((one) => [
    String(one.id),
    String(one.samples),
    String(one.keyframes),
    at(one.first_pts, one),
    at(one.last_pts, one),
    at(one.first_dts, one),
    at(one.last_dts, one),
    String(one.timescale),
  ]);
  return [
    table("Tracks", ["id", "type", "codec", "size", "frames/s", "sound", "language", "encrypted", "bit rate"], what),
    table("Samples", ["id", "samples", "key frames", "first PTS", "last PTS", "first DTS", "last DTS", "ticks/s"], when),
  ];
}

function packets({ pids }: Transport): HTMLElement {
  const rows = pids.map((one) => [String(one.pid), one.what, String(one.packets), String(one.units), String(one.continuity_errors), String(one.scrambled)]);
  return table("Packets", ["PID", "what", "packets", "units", "continuity errors", "scrambled"], rows);
}

/** Boxes as a tree's names and values: `moof @1024` with its size and what is in it. */
function boxes(list: Box[]): [string, unknown][] {
  return list.map((box) => {
    const below = box.children ?? [];
    return [`${box.type} @${box.offset}`, below.length === 0 ? box.size : { size: box.size, ...Object.fromEntries(boxes(below)) }];
  });
}
