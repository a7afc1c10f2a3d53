// The engine's reports, which come as plain arguments (`src/browser/host.rs`), as messages to the page.

import type { ToPage } from "./protocol.js";
import type { PlayerError, RequestReport, Stats, Track, TrackKind } from "./types.js";

/** The numbers of {@link Stats} in the order in which `src/browser/messages.rs` hands them over; NaN is null. */
const STATS_NUMBERS = [
  "startupSeconds",
  "stalls",
  "stallSeconds",
  "watchedSeconds",
  "playedSeconds",
  "seeks",
  "switches",
  "bitrateKbps",
  "meanKbps",
  "width",
  "height",
  "throughputKbps",
  "position",
  "duration",
  "bufferSeconds",
  "bufferTargetSeconds",
  "latencySeconds",
  "totalFrames",
  "droppedFrames",
  "bytes",
  "errors",
] as const satisfies (keyof Stats)[];

export class Messages {
  #tracks: Track[] = [];

  constructor(private readonly post: (message: ToPage) => void) {}

  decision(
    at: number,
    rendition: string,
    height: number | undefined,
    kbps: number,
    reason: string,
    words: string,
    bufferSeconds: number,
    throughputKbps: number | undefined,
  ): void {
    const decision = {
      at,
      rendition,
      height: height ?? null,
      kbps,
      reason,
      words,
      bufferSeconds,
      throughputKbps: throughputKbps ?? null,
    };
    this.post({ from: "decision", decision });
  }

  rendition(at: number, rendition: string, height: number | undefined, kbps: number): void {
    this.post({ from: "rendition", rendition: { at, rendition, height: height ?? null, kbps } });
  }

  stall(at: number, seconds: number | undefined): void {
    this.post({ from: "stall", stall: { at, seconds: seconds ?? null } });
  }

  request(
    at: number,
    kind: RequestReport["kind"],
    url: string,
    status: number,
    bytes: number,
    firstByteSeconds: number,
    bodySeconds: number,
    aborted: boolean,
  ): void {
    const request = { at, kind, url, status, bytes, firstByteSeconds, bodySeconds, aborted };
    this.post({ from: "request", request });
  }

  error(
    code: string,
    category: PlayerError["category"],
    severity: PlayerError["severity"],
    message: string,
    url?: string,
    status?: number,
    position?: number,
    what?: string,
  ): void {
    const context = { url, status, position, what };
    this.post({ from: "error", error: { code, category, severity, message, context } });
  }

  track(kind: TrackKind, language: string | undefined, label: string | undefined, selected: boolean): void {
    this.#tracks.push({ kind, language: language ?? null, label: label ?? null, selected, renditions: [] });
  }

  trackRendition(
    id: string,
    kbps: number,
    width?: number,
    height?: number,
    codecs?: string,
    frameRate?: number,
  ): void {
    this.#tracks.at(-1)?.renditions.push({
      id,
      kbps,
      width: width ?? null,
      height: height ?? null,
      codecs: codecs ?? null,
      frameRate: frameRate ?? null,
    });
  }

  tracks(): void {
    this.post({ from: "tracks", tracks: this.#tracks });
    this.#tracks = [];
  }

  stats(
    sid: string,
    state: Stats["state"],
    format: Stats["format"] | undefined,
    shown: string | undefined,
    fetched: string | undefined,
    numbers: Float64Array,
    farewell: string | undefined,
  ): void {
    const figures = STATS_NUMBERS.map((name, i) => [name, Number.isNaN(numbers[i]) ? null : numbers[i]]);
    const stats = {
      sid,
      state,
      format: format ?? null,
      mse: "worker",
      shown: shown ?? null,
      fetched: fetched ?? null,
      ...Object.fromEntries(figures),
    } as Stats;
    this.post({ from: "stats", stats, farewell: farewell ?? null });
  }
}
