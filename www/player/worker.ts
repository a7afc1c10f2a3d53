// The worker: loads the engine, gives it requests, timers and Media Source Extensions, and passes messages between it and
// the page. MSE runs here where the browser lets a worker have a MediaSource, else the page carries the same commands out.

import init, { Engine, type InitInput } from "thalweg-core";
import { deliver, Fetcher } from "./fetcher.js";
import { MediaSink } from "./media-sink.js";
import { Messages } from "./messages.js";
import type { LoadMessage, SinkCommand, SinkEvent, ToPage, ToWorker } from "./protocol.js";

const scope = self as unknown as DedicatedWorkerGlobalScope;
/** How often the page is given fresh figures. */
const STATS_MS = 1000;

let engine: Engine;

function post(message: ToPage, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

/** What the engine needs of JavaScript: `src/browser/host.rs`. */
class Host extends Messages {
  readonly fetcher = new Fetcher(() => engine);
  readonly #run: (command: SinkCommand) => void;
  #timer = 0;
  #load: LoadMessage | null = null;

  constructor(private readonly pageMse: boolean) {
    super(post);
    if (pageMse) {
      this.#run = (command) => {
        post({ from: "command", command }, command.do === "append" ? [command.data.buffer] : []);
      };
      return;
    }
    const sink = new MediaSink((source) => {
      const { handle } = source;
      post({ from: "handle", handle }, [handle as unknown as Transferable]);
    }, tellSink);
    this.#run = (command) => sink.run(command);
  }

  load(load: LoadMessage): void {
    this.#load = load;
    this.fetcher.expect(load.prefetching ? load.url : null);
    engine.load(load);
  }

  now = () => performance.now();
  origin = () => performance.timeOrigin;
  attach = () => this.#run({ do: "attach" });
  open = (mime: string) => this.#run({ do: "open", mime });
  reset = (buffer: number) => this.#run({ do: "reset", buffer });
  remove = (buffer: number, from: number, to: number) => this.#run({ do: "remove", buffer, from, to });
  changeType = (buffer: number, mime: string) => this.#run({ do: "changeType", buffer, mime });
  duration = (seconds: number) => this.#run({ do: "duration", seconds });
  end = () => this.#run({ do: "end" });
  seek = (position: number) => post({ from: "seek", position });
  abort = (id: number) => this.fetcher.abort(id);
  fetch = (id: number, url: string, first: number | undefined, last: number | undefined, urgent: boolean) =>
    this.fetcher.start(id, url, first, last, urgent);

  append = (buffer: number, data: Uint8Array<ArrayBuffer>, offset?: number) =>
    // What is transferred goes whole: a part of a larger buffer is copied out first.
    this.#run({
      do: "append",
      buffer,
      data: this.pageMse && data.byteLength !== data.buffer.byteLength ? data.slice() : data,
      offset: offset ?? null,
    });

  probe = (mimes: string[]) => {
    if (this.pageMse) post({ from: "probe", mimes });
    else queueMicrotask(() => engine.probed(Uint8Array.from(mimes, (mime) => Number(MediaSource.isTypeSupported(mime)))));
  };

  wake = (milliseconds: number) => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => engine.timeout(), milliseconds);
  };

  beacon = async (body: string) => {
    const load = this.#load;
    if (!load?.beacon) return;
    // These records are on their way: the page must not send their numbers again if it is left now.
    setTimeout(() => engine.tellStats());
    const status = await deliver(load.beacon, body);
    const at = (performance.timeOrigin + performance.now() - load.at) / 1000;
    post({ from: "beacon", beacon: { at, body, status } });
    // CTA-5004-B: 410 is for the rest of the session; 429 and 5xx are for later.
    if (status === 410) load.beacon = null;
    else if ((status === 0 || status === 429 || status >= 500) && load === this.#load) engine.beaconLost(body);
  };
}

function tellSink(event: SinkEvent): void {
  switch (event.sink) {
    case "buffered":
      return engine.buffered(event.buffer, Float64Array.from(event.ranges), event.appended);
    case "full":
      return engine.full(event.buffer);
    case "failed":
      return engine.mediaFailed(event.decode, event.message);
  }
}

function handle(host: Host, message: ToWorker): void {
  switch (message.to) {
    case "start":
      return;
    case "load":
      return host.load(message.load);
    case "prefetched":
      return host.fetcher.prefetched(message.url, message.response);
    case "element":
      engine.element(message.at, message.event, message.position, message.rate, message.paused, message.ready);
      if (message.frames) engine.frames(...message.frames);
      return;
    case "frame":
      return engine.firstFrame(message.at);
    case "element-failed":
      return engine.mediaFailed(message.decode, message.message);
    case "select":
      return engine.select(message.rendition ?? undefined);
    case "selectAudio":
      return engine.selectAudio(message.nth);
    case "hidden":
      return engine.hidden(message.hidden);
    case "online":
      return engine.online(message.online);
    case "probed":
      return engine.probed(Uint8Array.from(message.supported, Number));
    case "sink":
      return tellSink(message.event);
    case "unload":
      return engine.unload();
  }
}

async function start({ module, pageMse }: Extract<ToWorker, { to: "start" }>): Promise<Host> {
  await init({ module_or_path: module as InitInput });
  // Chromium and WebKit construct it here (w3c/media-source 175); Firefox has none in a worker.
  const here = !pageMse && typeof MediaSource !== "undefined" && MediaSource.canConstructInDedicatedWorker;
  const host = new Host(!here);
  engine = new Engine(host);
  setInterval(() => engine.tellStats(), STATS_MS);
  post({ from: "ready" });
  return host;
}

// A trap in the engine surfaces in some promise; as an error it reaches the page, which replaces the worker.
scope.addEventListener("unhandledrejection", ({ reason }) => {
  setTimeout(() => {
    throw reason;
  });
});

// What comes before the engine is there waits for it, in order.
const started = new Promise<Host>((resolve, reject) => {
  scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if (data.to === "start") start(data).then(resolve, reject);
    else void started.then((host) => handle(host, data));
  };
});

declare global {
  // Media Source Extensions 2; TypeScript's DOM library lacks it.
  interface MediaSource {
    readonly handle: MediaSourceHandle;
  }
}
