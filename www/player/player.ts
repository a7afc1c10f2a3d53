// `Player`: plays HLS and DASH in a <video> of the page. It starts the worker, carries messages between it and the media
// element, and keeps what a page may ask for. All decisions are made in the worker.

import { MediaSink } from "./media-sink.js";
import { ELEMENT_EVENTS, type LoadMessage, type Prefetched, type ToPage, type ToWorker } from "./protocol.js";
import { startWorker } from "./start.js";
import type {
  Decision,
  LoadOptions,
  PlayerError,
  PlayerEvents,
  PlayerOptions,
  Stats,
  Track,
  TrackKind,
} from "./types.js";

export type * from "./types.js";

const DECISIONS = 500;
/** No manifest that the engine takes is larger (src/player/requests.rs). */
const MANIFEST_LIMIT = 32 << 20;
/** The frame counters are read at most this often. */
const FRAMES_MS = 1000;
/** A worker that dies is replaced, but not over and over. */
const WORKERS = 3;

/** A {@link PlayerError} that can be thrown. */
export class ThalwegError extends Error implements PlayerError {
  readonly code: string;
  readonly category: PlayerError["category"];
  readonly severity: PlayerError["severity"];
  readonly context: PlayerError["context"];

  constructor(error: PlayerError) {
    super(error.message);
    this.name = "ThalwegError";
    this.code = error.code;
    this.category = error.category;
    this.severity = error.severity;
    this.context = error.context;
  }
}

type Loading = { resolve: () => void; reject: (error: ThalwegError) => void };

export class Player {
  /** Settled when the worker runs and the engine is compiled. */
  ready: Promise<void>;

  readonly #video: HTMLVideoElement;
  readonly #options: PlayerOptions;
  readonly #listeners = new Map<string, Set<(detail: never) => void>>();
  readonly #teardown = new AbortController();
  #worker!: Worker;
  /** A stream needed the full engine. */
  #full = false;
  #up = false;
  #setUp!: () => void;
  #sink: MediaSink | null = null;
  #objectUrl: string | null = null;
  #load: LoadMessage | null = null;
  #loading: Loading | null = null;
  /** Whether the element has this load's source, and no longer the one before. */
  #attached = false;
  /** Whether the viewer, or the page, wants it to play. */
  #wanted = false;
  #firstFrame = 0;
  #framesRead = 0;
  #tracks: Track[] = [];
  #decisions: Decision[] = [];
  #selected: string | "auto" = "auto";
  #stats: Stats | null = null;
  #farewell: string | null = null;
  /** The page was left; it may come back. */
  #left = false;
  #replaced = 0;

  /** @param video the element to play in; it stays the page's. */
  constructor(video: HTMLVideoElement, options: PlayerOptions = {}) {
    this.#video = video;
    this.#options = options;
    this.ready = new Promise((resolve) => (this.#setUp = resolve));
    this.#start();
    const { signal } = this.#teardown;
    ELEMENT_EVENTS.forEach((name, event) => {
      // timeStamp is when it happened; a busy page hears of it later.
      video.addEventListener(name, ({ timeStamp }) => this.#tellElement(event, timeStamp), { signal });
    });
    this.#wanted = !video.paused;
    video.addEventListener("play", () => (this.#wanted = true), { signal });
    // An element that fails pauses by itself; another source goes on.
    video.addEventListener("pause", () => (this.#wanted &&= video.error !== null), { signal });
    video.addEventListener("error", () => this.#elementFailed(), { signal });
    video.addEventListener("encrypted", () => this.#encrypted(), { signal });
    document.addEventListener("visibilitychange", () => this.#tellHidden(), { signal });
    addEventListener("online", () => this.#post({ to: "online", online: true }), { signal });
    addEventListener("offline", () => this.#post({ to: "online", online: false }), { signal });
    addEventListener("pagehide", ({ persisted }) => this.#leave(persisted), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#resume(), { signal });
  }

  /**
   * Plays a stream, instead of the one before.
   * @returns when its tracks are known; rejects with a {@link ThalwegError}.
   */
  load(url: string | URL, options: LoadOptions = {}): Promise<void> {
    this.#selected = "auto";
    return this.#begin(new URL(url, document.baseURI).href, options.format ?? null, 0);
  }

  /** The view's figures, at most a second old. */
  stats(): Stats {
    return this.#stats ?? { ...NO_STATS, sid: this.#load?.sid ?? "" };
  }

  get tracks(): Track[] {
    return this.#tracks;
  }

  /** The video rendition held by hand, or `auto`. */
  get selected(): string | "auto" {
    return this.#selected;
  }

  /** Holds a video rendition, or lets the player choose. */
  select(rendition: string | "auto"): void {
    this.#selected = rendition;
    this.#post({ to: "select", rendition: rendition === "auto" ? null : rendition });
  }

  /** Plays the track at this place among those of its kind. Only audio tracks can be chosen. */
  selectTrack(kind: TrackKind, index: number): void {
    if (kind === "audio") this.#post({ to: "selectAudio", nth: index });
  }

  /** Why each rendition was chosen, oldest first. */
  decisions(): Decision[] {
    return this.#decisions;
  }

  /** Calls `listener` on each event of a type until the function returned is called. */
  on<K extends keyof PlayerEvents>(type: K, listener: (detail: PlayerEvents[K]) => void): () => void {
    let listeners = this.#listeners.get(type);
    if (!listeners) this.#listeners.set(type, (listeners = new Set()));
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Ends the view and leaves nothing behind: no worker, no listener, no source in the element. */
  async destroy(): Promise<void> {
    if (this.#teardown.signal.aborted) return;
    this.#teardown.abort();
    this.#loading?.reject(failure("player.worker", "The player was destroyed.", {}));
    this.#loading = null;
    this.#post({ to: "unload" });
    this.#detach();
    this.#listeners.clear();
    // The worker sends the view's last record before it goes; fetch's keepalive carries it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    this.#worker.terminate();
  }

  #start(): void {
    const { workerUrl, wasmUrl, fullWasmUrl, mse } = this.#options;
    const wasm = this.#full ? fullWasmUrl : wasmUrl;
    const worker = startWorker({ workerUrl, wasmUrl: wasm, full: this.#full, pageMse: mse === "page" });
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#workerDied(event.message || "the script could not be loaded");
    };
    this.#worker = worker;
  }

  #begin(url: string, format: "hls" | "dash" | null, position: number): Promise<void> {
    this.#loading?.reject(failure("player.worker", "Another stream was loaded.", {}));
    this.#loading = null;
    this.#tracks = [];
    this.#decisions = [];
    this.#stats = null;
    if (typeof MediaSource === "undefined") {
      const error = failure("player.mse", MSE_WORDS, { url });
      this.#emit("error", error);
      return Promise.reject(error);
    }
    const { beacon, bufferAhead, bufferBehind } = this.#options;
    const load: LoadMessage = {
      at: performance.timeOrigin + performance.now(),
      url,
      format,
      sid: crypto.randomUUID(),
      cid: beacon?.contentId ?? null,
      beacon: beacon ? new URL(beacon.url, document.baseURI).href : null,
      interval: beacon?.interval ?? 30,
      position,
      ahead: bufferAhead ?? 30,
      behind: bufferBehind ?? 10,
      // The manifest need not wait for the worker to start.
      prefetching: !this.#up,
    };
    this.#load = load;
    this.#attached = false;
    this.#post({ to: "load", load });
    if (load.prefetching) void this.#prefetch(url);
    const asked = this.#video.autoplay || !this.#video.paused;
    if (asked) this.#tellElement(ELEMENT_EVENTS.indexOf("play"));
    // Held when the worker was replaced.
    if (this.#selected !== "auto") this.select(this.#selected);
    return new Promise((resolve, reject) => (this.#loading = { resolve, reject }));
  }

  async #prefetch(url: string): Promise<void> {
    let response: Prefetched | null = null;
    try {
      const answer = await fetch(url);
      const body = await bounded(answer);
      response = { url, finalUrl: answer.url, status: answer.status, body };
    } catch {
      // The worker asks again, and tells of what goes wrong.
    }
    this.#post({ to: "prefetched", url, response }, response ? [response.body] : []);
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: ToPage): void {
    if (this.#teardown.signal.aborted) return;
    switch (message.from) {
      case "ready":
        this.#up = true;
        this.#setUp();
        return;
      case "handle":
        // TypeScript does not know yet that a handle is a MediaProvider.
        this.#attach(() => (this.#video.srcObject = message.handle as unknown as MediaProvider));
        return;
      case "command":
        this.#pageSink().run(message.command);
        return;
      case "probe":
        this.#post({
          to: "probed",
          supported: message.mimes.map((mime) => MediaSource.isTypeSupported(mime)),
        });
        return;
      case "seek":
        this.#video.currentTime = message.position;
        return;
      case "tracks":
        this.#tracks = message.tracks;
        this.#loading?.resolve();
        this.#loading = null;
        this.#emit("tracks", message.tracks);
        return;
      case "decision":
        if (this.#decisions.length === DECISIONS) this.#decisions.shift();
        this.#decisions.push(message.decision);
        this.#emit("decision", message.decision);
        return;
      case "rendition":
        this.#emit("rendition", message.rendition);
        return;
      case "stall":
        this.#emit("stall", message.stall);
        return;
      case "request":
        this.#emit("request", message.request);
        return;
      case "error":
        this.#failed(message.error);
        return;
      case "beacon":
        this.#emit("beacon", message.beacon);
        return;
      case "stats":
        this.#stats = { ...message.stats, mse: this.#sink ? "page" : "worker" };
        this.#farewell = message.farewell;
        this.#emit("stats", this.#stats);
        return;
    }
  }

  #emit<K extends keyof PlayerEvents>(type: K, detail: PlayerEvents[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      (listener as (detail: PlayerEvents[K]) => void)(detail);
    }
  }

  #failed(error: PlayerError): void {
    const { wasmUrl, fullWasmUrl } = this.#options;
    if (error.code === "player.engine" && !this.#full && this.#load && (fullWasmUrl || !wasmUrl)) {
      this.#full = true;
      this.#emit("error", { ...error, severity: "recovered" });
      this.#replaceWorker(this.#load);
      return;
    }
    if (error.severity === "fatal") {
      this.#loading?.reject(new ThalwegError(error));
      this.#loading = null;
    }
    this.#emit("error", error);
  }

  /** Puts a source into the element; what was playing goes on playing. */
  #attach(set: () => void): void {
    // A play() of this very task has not fired its event yet.
    this.#wanted ||= !this.#video.paused;
    this.#detach();
    set();
    this.#attached = true;
    this.#awaitFrame();
    if (this.#wanted) this.#video.play().catch(() => {});
  }

  #detach(): void {
    const video = this.#video;
    if (this.#objectUrl) {
      URL.revokeObjectURL(this.#objectUrl);
      this.#objectUrl = null;
      video.removeAttribute("src");
    }
    if (video.srcObject) video.srcObject = null;
    else if (this.#teardown.signal.aborted) video.load();
  }

  #pageSink(): MediaSink {
    this.#sink ??= new MediaSink(
      (source) =>
        this.#attach(() => {
          this.#objectUrl = URL.createObjectURL(source);
          this.#video.src = this.#objectUrl;
        }),
      (event) => this.#post({ to: "sink", event }),
    );
    return this.#sink;
  }

  #tellElement(event: number, now = performance.now()): void {
    if (!this.#load) return;
    const video = this.#video;
    let frames: [number, number] | null = null;
    const due = now - this.#framesRead >= FRAMES_MS || video.paused || video.readyState < 3;
    if (this.#attached && due) {
      this.#framesRead = now;
      const quality = video.getVideoPlaybackQuality();
      frames = [quality.totalVideoFrames, quality.droppedVideoFrames];
    }
    this.#post({
      to: "element",
      at: performance.timeOrigin + now,
      event,
      position: this.#attached ? video.currentTime : this.#load.position,
      rate: video.playbackRate,
      paused: video.paused,
      ready: this.#attached ? video.readyState : 0,
      frames,
    });
  }

  /** Tells when the first frame of this source is presented; of audio alone, when it plays. */
  #awaitFrame(): void {
    const video = this.#video;
    video.cancelVideoFrameCallback(this.#firstFrame);
    const tell = (at: number) => this.#post({ to: "frame", at: performance.timeOrigin + at });
    this.#firstFrame = video.requestVideoFrameCallback((now) => tell(now));
    const load = this.#load;
    video.addEventListener(
      "timeupdate",
      () => {
        if (load === this.#load && video.videoWidth === 0 && video.currentTime > 0) tell(performance.now());
      },
      { once: true, signal: this.#teardown.signal },
    );
  }

  #elementFailed(): void {
    const error = this.#video.error;
    if (!error || !this.#load) return;
    const decode = error.code === MediaError.MEDIA_ERR_DECODE;
    this.#post({ to: "element-failed", decode, message: error.message });
  }

  /** Protected media would wait for a key for ever. */
  #encrypted(): void {
    if (!this.#load) return;
    this.#post({ to: "unload" });
    this.#failed(failure("drm.unsupported", DRM_WORDS, { url: this.#load.url }));
  }

  #tellHidden(): void {
    if (!this.#left) this.#post({ to: "hidden", hidden: document.visibilityState === "hidden" });
  }

  /** The page is being left, and the view ends with it: what was not sent goes now, and the worker sends no more. */
  #leave(persisted: boolean): void {
    this.#left = true;
    const { beacon } = this.#options;
    if (beacon && this.#farewell) {
      const body = new Blob([this.#farewell], { type: "text/plain" });
      navigator.sendBeacon(new URL(beacon.url, document.baseURI), body);
    }
    this.#farewell = null;
    // What the worker says of the end has the numbers that were just used: the collector counts them once.
    if (persisted) this.#post({ to: "unload" });
    else this.#worker.terminate();
  }

  /** The page is back from the back-forward cache: its view was closed, so another one begins. */
  #resume(): void {
    this.#left = false;
    const load = this.#load;
    if (load) this.#begin(load.url, load.format, this.#video.currentTime).catch(() => {});
  }

  #workerDied(message: string): void {
    if (this.#teardown.signal.aborted) return;
    this.#replaced += 1;
    const again = this.#replaced < WORKERS && this.#load;
    const error = failure("player.worker", WORKER_WORDS, { what: message }, again ? "recovered" : "fatal");
    if (again) {
      this.#emit("error", error);
      this.#replaceWorker(again);
    } else {
      this.#worker.terminate();
      this.#up = false;
      this.#failed(error);
    }
  }

  /** Another worker goes on with the stream, from the playhead on. */
  #replaceWorker({ url, format }: LoadMessage): void {
    this.#worker.terminate();
    this.#up = false;
    const loading = this.#loading;
    this.#loading = null;
    const position = this.#attached ? this.#video.currentTime : (this.#load?.position ?? 0);
    this.#sink?.close();
    this.#sink = null;
    this.#start();
    this.#begin(url, format, position).then(loading?.resolve, loading?.reject ?? (() => {}));
  }
}

/** A body of at most {@link MANIFEST_LIMIT} bytes; throws when there is more. */
async function bounded({ body }: Response): Promise<ArrayBuffer> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const reader = body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    parts.push(value);
    if (length > MANIFEST_LIMIT) {
      await reader.cancel();
      throw new RangeError("too large");
    }
  }
  return new Blob(parts).arrayBuffer();
}

const DRM_WORDS = "The stream is protected in a way that this player cannot open.";
const MSE_WORDS = "This browser has no Media Source Extensions.";
const WORKER_WORDS = "The player's worker could not be started, or has stopped.";

function failure(
  code: string,
  message: string,
  context: PlayerError["context"],
  severity: PlayerError["severity"] = "fatal",
): ThalwegError {
  const category = code.slice(0, code.indexOf(".")) as PlayerError["category"];
  return new ThalwegError({ code, category, severity, message, context });
}

const NO_STATS: Stats = {
  sid: "",
  state: "preloading",
  format: null,
  mse: "worker",
  startupSeconds: null,
  stalls: 0,
  stallSeconds: 0,
  watchedSeconds: 0,
  playedSeconds: 0,
  seeks: 0,
  switches: 0,
  bitrateKbps: null,
  meanKbps: null,
  width: null,
  height: null,
  shown: null,
  fetched: null,
  throughputKbps: null,
  position: 0,
  duration: null,
  bufferSeconds: 0,
  bufferTargetSeconds: 0,
  latencySeconds: null,
  totalFrames: 0,
  droppedFrames: 0,
  bytes: 0,
  errors: 0,
};
