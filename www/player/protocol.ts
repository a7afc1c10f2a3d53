// The messages between the page and its worker. One protocol, whoever runs Media Source Extensions: `SinkCommand`s are
// carried out by a MediaSink in the worker, or sent to the page's.

import type { Decision, PlayerError, RequestReport, Stats, Track } from "./types.js";

/** What a MediaSink is asked to do. Times are seconds; `data` is transferred. */
export type SinkCommand =
  | { do: "attach" }
  | { do: "open"; mime: string }
  | { do: "append"; buffer: number; data: Uint8Array<ArrayBuffer>; offset: number | null }
  | { do: "reset"; buffer: number }
  | { do: "remove"; buffer: number; from: number; to: number }
  | { do: "changeType"; buffer: number; mime: string }
  | { do: "duration"; seconds: number }
  | { do: "end" };

/** What a MediaSink tells. */
export type SinkEvent =
  | { sink: "buffered"; buffer: number; ranges: number[]; appended: number }
  | { sink: "full"; buffer: number }
  | { sink: "failed"; decode: boolean; message: string };

/** Media element events that the core minds; numbers as in src/browser. */
export const ELEMENT_EVENTS = [
  "timeupdate",
  "play",
  "pause",
  "playing",
  "waiting",
  "seeking",
  "seeked",
  "ended",
  "ratechange",
] as const;

/** A manifest that the page fetched while the worker was starting. */
export interface Prefetched {
  url: string;
  finalUrl: string;
  status: number;
  body: ArrayBuffer;
}

export interface LoadMessage {
  /** When load() was called, in epoch milliseconds with fraction. */
  at: number;
  url: string;
  format: "hls" | "dash" | null;
  sid: string;
  cid: string | null;
  beacon: string | null;
  interval: number;
  position: number;
  ahead: number;
  behind: number;
  /** Its answer, or that it failed, comes as a `prefetched` message. */
  prefetching: boolean;
}

/** Page to worker. `at` is epoch milliseconds with fraction: the clocks of page and worker start at different times. */
export type ToWorker =
  | { to: "start"; module: WebAssembly.Module; pageMse: boolean }
  | { to: "load"; load: LoadMessage }
  | { to: "prefetched"; response: Prefetched | null; url: string }
  | {
      to: "element";
      at: number;
      event: number;
      position: number;
      rate: number;
      paused: boolean;
      ready: number;
      frames: [total: number, dropped: number] | null;
    }
  | { to: "frame"; at: number }
  | { to: "element-failed"; decode: boolean; message: string }
  | { to: "select"; rendition: string | null }
  | { to: "selectAudio"; nth: number }
  | { to: "hidden"; hidden: boolean }
  | { to: "online"; online: boolean }
  | { to: "probed"; supported: boolean[] }
  | { to: "sink"; event: SinkEvent }
  | { to: "unload" };

/** Worker to page. */
export type ToPage =
  | { from: "ready" }
  | { from: "handle"; handle: MediaSourceHandle }
  | { from: "command"; command: SinkCommand }
  | { from: "probe"; mimes: string[] }
  | { from: "seek"; position: number }
  | { from: "tracks"; tracks: Track[] }
  | { from: "decision"; decision: Decision }
  | { from: "rendition"; rendition: { at: number; rendition: string; height: number | null; kbps: number } }
  | { from: "stall"; stall: { at: number; seconds: number | null } }
  | { from: "request"; request: RequestReport }
  | { from: "error"; error: PlayerError }
  | { from: "beacon"; beacon: { at: number; body: string; status: number } }
  | { from: "stats"; stats: Stats; farewell: string | null };
