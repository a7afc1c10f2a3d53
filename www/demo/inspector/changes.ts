// What is different between two readings of a manifest, and when the next one is due.

import type { Manifest, Media, Mpd, Segment } from "./model.ts";
import { count, plain } from "./words.ts";

export interface Change {
  text: string;
  kind: "added" | "removed" | "changed" | "warning" | "same";
}

/** What a player does with a reload that does not simply go on from the last. */
const OUTCOMES: Record<string, string> = {
  older: "older than the last one, which a player keeps",
  restarted: "nothing in common with the last one: a player begins a new timeline",
  incomplete: "a delta update of segments that are not known: a player asks for the whole",
};

/** The differences, as a reader of a live stream wants them; none if it is the same. */
export function changes(before: Manifest, after: Manifest): Change[] {
  if ("error" in before || "error" in after) {
    const text = (one: Manifest) => ("error" in one ? `refused (${one.error.code})` : "read");
    return text(before) === text(after) ? [] : [{ text: `${text(before)}, then ${text(after)}`, kind: "warning" }];
  }
  if (before.kind !== after.kind) return [{ text: `was a ${before.kind}, is a ${after.kind}`, kind: "changed" }];
  const out: Change[] = [];
  const words = OUTCOMES[after.changes?.outcome ?? ""];
  if (words !== undefined) out.push({ text: words, kind: "warning" });
  if (after.changes?.missed) out.push({ text: `${count(after.changes.missed, "segment")} came and went in between`, kind: "warning" });
  if (before.kind === "media" && after.kind === "media") out.push(...ofMedia(before, after));
  if (before.kind === "mpd" && after.kind === "mpd") out.push(...ofMpd(before, after));
  out.push(...fields(before, after));
  // Lines move from reload to reload: a warning is known by its words.
  const known = new Set(before.warnings.map((warning) => `${warning.code} ${warning.message}`));
  for (const warning of after.warnings) {
    if (!known.has(`${warning.code} ${warning.message}`)) out.push({ text: `${warning.code} ${warning.message} (line ${warning.line})`, kind: "warning" });
  }
  return out;
}

/** Plain values at the top: `media_sequence 5 → 6`. Sums of what is listed say nothing more. */
function fields(before: object, after: object): Change[] {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([name, value]) => name !== "total_duration" && (typeof value !== "object" || value === null) && value !== old.get(name))
    .map(([name, value]) => ({ text: `${name} ${plain(old.get(name))} → ${plain(value)}`, kind: "changed" }));
}

function span(numbers: number[]): string {
  const [first, last] = [numbers[0], numbers.at(-1)];
  return first === last ? `${first}` : `${first}–${last}`;
}

function ofMedia(before: Media, after: Media): Change[] {
  const out: Change[] = [];
  const bySequence = (list: Segment[]) => new Map(list.map((segment) => [segment.sequence ?? 0, segment]));
  const [old, now] = [bySequence(before.segments), bySequence(after.segments)];
  const added = [...now.keys()].filter((sequence) => !old.has(sequence));
  const removed = [...old.keys()].filter((sequence) => !now.has(sequence));
  if (added.length > 0) out.push({ text: `${count(added.length, "segment")} added: ${span(added)}`, kind: "added" });
  if (removed.length > 0) out.push({ text: `${count(removed.length, "segment")} removed: ${span(removed)}`, kind: "removed" });
  let parts = 0;
  for (const [sequence, segment] of now) {
    const then = old.get(sequence);
    parts += (segment.parts?.length ?? 0) - (then?.parts?.length ?? 0);
    if (!then) continue;
    if (then.duration === null && segment.duration !== null) out.push({ text: `segment ${sequence} finished`, kind: "added" });
    else if (then.uri !== segment.uri) out.push({ text: `segment ${sequence} is another: ${then.uri} → ${segment.uri}`, kind: "warning" });
    else if (then.duration !== segment.duration) out.push({ text: `segment ${sequence} lasts ${segment.duration} s, not ${then.duration} s`, kind: "warning" });
  }
  if (parts > 0) out.push({ text: `${count(parts, "part")} added`, kind: "added" });
  const ranges = new Set(before.dateranges.map((range) => range.id));
  for (const range of after.dateranges) if (!ranges.has(range.id)) out.push({ text: `date range ${range.id}`, kind: "added" });
  return out;
}

function ofMpd(before: Mpd, after: Mpd): Change[] {
  const out: Change[] = [];
  const name = (one: { id: string | null }, at: number) => one.id ?? String(at);
  const old = new Map(before.periods.map((period, i) => [name(period, i), period]));
  after.periods.forEach((period, i) => {
    const then = old.get(name(period, i));
    if (!then) {
      out.push({ text: `period ${name(period, i)} added`, kind: "added" });
      return;
    }
    old.delete(name(period, i));
    period.adaptation_sets.forEach((set, s) => {
      // All representations of a set move on together.
      const [now, was] = [set.representations[0]?.segments ?? [], then.adaptation_sets[s]?.representations[0]?.segments];
      const starts = (list: Segment[]) => new Set(list.map((segment) => segment.start));
      if (!was) {
        out.push({ text: `set ${name(set, s)} added in period ${name(period, i)}`, kind: "added" });
        return;
      }
      const [known, kept] = [starts(was), starts(now)];
      const added = now.filter((segment) => !known.has(segment.start)).length;
      const removed = was.filter((segment) => !kept.has(segment.start)).length;
      const where = `period ${name(period, i)}, ${set.type ?? "set"} ${name(set, s)}`;
      if (added > 0) out.push({ text: `${where}: ${count(added, "segment")} added`, kind: "added" });
      if (removed > 0) out.push({ text: `${where}: ${count(removed, "segment")} removed`, kind: "removed" });
    });
  });
  for (const id of old.keys()) out.push({ text: `period ${id} removed`, kind: "removed" });
  return out;
}

/** Whether the one before holds: the next reload is compared with that one, too. */
export function keeps(after: Manifest): boolean {
  return "error" in after || after.changes?.outcome === "older" || after.changes?.outcome === "incomplete";
}

/** Seconds from one fetch to the next, or null if it never changes: what RFC 8216bis 6.3.4 and MPD@minimumUpdatePeriod ask of a player. */
export function pace(manifest: Manifest, changed: boolean): number | null {
  if ("error" in manifest) return null;
  if (manifest.kind === "media" && !manifest.endlist && manifest.playlist_type !== "VOD") {
    const target = manifest.target_duration ?? manifest.segments.at(-1)?.duration ?? 6;
    return Math.max(1, changed ? target : target / 2);
  }
  if (manifest.kind === "mpd" && manifest.type === "dynamic" && manifest.minimum_update_period !== null) {
    return Math.max(2, manifest.minimum_update_period);
  }
  return null;
}
