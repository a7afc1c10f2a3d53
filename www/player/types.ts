// What the package's users see: options, tracks, statistics, events. Seconds are numbers; kbps are
// integers; what is unknown is null. Shipped as the package's types; docs/api.md explains them.

/** Options of {@link Player}. */
export interface PlayerOptions {
  /** Where CMCD v2 event records go. Without it nothing is sent. */
  beacon?: BeaconOptions;
  /** Who runs Media Source Extensions: the worker where the browser can (`auto`), or always the page. */
  mse?: "auto" | "page";
  /** Media kept ahead of the playhead, in seconds (default 30). */
  bufferAhead?: number;
  /** Media kept behind the playhead, in seconds (default 10). */
  bufferBehind?: number;
  /** Where worker.js is, if not beside the package's script. */
  workerUrl?: string | URL;
  /** Where thalweg_bg.wasm is, if not beside the package's script. */
  wasmUrl?: string | URL;
  /** Where the full engine is, for streams that need it; default: `thalweg_full_bg.wasm` beside the script. */
  fullWasmUrl?: string | URL;
}

export interface BeaconOptions {
  /** A collector's `POST /v1/beacons`. */
  url: string | URL;
  /** CMCD `cid`: names the content, 128 characters at most. */
  contentId?: string;
  /** Seconds between heartbeats (default 30). */
  interval?: number;
}

export interface LoadOptions {
  /** Overrides detection by content. */
  format?: "hls" | "dash";
}

export type TrackKind = "video" | "audio" | "text" | "image";

/** What a viewer chooses between. */
export interface Track {
  kind: TrackKind;
  language: string | null;
  label: string | null;
  /** Whether it is being played. */
  selected: boolean;
  renditions: Rendition[];
}

/** One quality of a track. */
export interface Rendition {
  id: string;
  kbps: number;
  width: number | null;
  height: number | null;
  codecs: string | null;
  frameRate: number | null;
}

/** Why a rendition was chosen. */
export interface Decision {
  /** Seconds since load(). */
  at: number;
  rendition: string;
  height: number | null;
  kbps: number;
  /** Stable word, e.g. `plan`; docs/events.md lists them. */
  reason: string;
  /** The same in a sentence. */
  words: string;
  bufferSeconds: number;
  /** Throughput expected then; null before anything was measured. */
  throughputKbps: number | null;
}

/** What the viewer got so far; `player.stats()`. docs/metrics.md defines each. */
export interface Stats {
  /** The view's id, as in the beacons. */
  sid: string;
  state: "preloading" | "starting" | "playing" | "seeking" | "rebuffering" | "paused" | "ended" | "fatal" | "quit";
  format: "hls" | "dash" | null;
  /** Who runs Media Source Extensions. */
  mse: "worker" | "page";
  startupSeconds: number | null;
  stalls: number;
  /** Including the one that is going on. */
  stallSeconds: number;
  watchedSeconds: number;
  playedSeconds: number;
  seeks: number;
  /** Changes of the rendition shown. */
  switches: number;
  /** Of the rendition shown, as declared, all tracks together. */
  bitrateKbps: number | null;
  meanKbps: number | null;
  width: number | null;
  height: number | null;
  /** Rendition shown and rendition fetched. */
  shown: string | null;
  fetched: string | null;
  throughputKbps: number | null;
  position: number;
  duration: number | null;
  bufferSeconds: number;
  bufferTargetSeconds: number;
  latencySeconds: number | null;
  totalFrames: number;
  droppedFrames: number;
  bytes: number;
  errors: number;
}

/** A failure in a form for programs (`code`) and for people (`message`). */
export interface PlayerError {
  /** `category.name`, listed in docs/errors.md. */
  code: string;
  category: "network" | "manifest" | "media" | "drm" | "player";
  severity: "recovered" | "degraded" | "fatal";
  message: string;
  context: { url?: string; status?: number; position?: number; what?: string };
}

/** A finished or dropped request. */
export interface RequestReport {
  at: number;
  kind: "manifest" | "playlist" | "index" | "init" | "segment";
  url: string;
  status: number;
  bytes: number;
  /** Request to first byte, and first to last byte. */
  firstByteSeconds: number;
  bodySeconds: number;
  aborted: boolean;
}

/** What `player.on(type, …)` hands over, by type. */
export interface PlayerEvents {
  /** The presentation is known. */
  tracks: Track[];
  decision: Decision;
  /** Another rendition is at the playhead. */
  rendition: { at: number; rendition: string; height: number | null; kbps: number };
  /** A stall begins (`seconds` null) or ends. */
  stall: { at: number; seconds: number | null };
  request: RequestReport;
  error: PlayerError;
  /** A batch of records was sent to the collector; `status` 0 when it could not be. */
  beacon: { at: number; body: string; status: number };
  /** About once a second while a stream is loaded. */
  stats: Stats;
}
