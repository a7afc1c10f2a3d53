// The worker's requests: fetch as a stream, each chunk handed to the engine as it arrives; and the beacons.

import type { Engine } from "thalweg-core";
import type { Prefetched } from "./protocol.js";

/** Unless bytes are wanted as they arrive, they are read in pieces of at least this: each piece costs an append. */
const PIECE = 128 << 10;

export class Fetcher {
  readonly #running = new Map<number, AbortController>();
  /** The manifest that the page is fetching, and the request that waits for it. */
  #expected: { url: string; id: number | null } | null = null;

  constructor(private readonly engine: () => Engine) {}

  /** Says that the page is fetching `url` already. */
  expect(url: string | null): void {
    this.#expected = url === null ? null : { url, id: null };
  }

  /** What the page fetched, or that it could not. */
  prefetched(url: string, response: Prefetched | null): void {
    const expected = this.#expected;
    if (!expected || expected.url !== url) return;
    this.#expected = null;
    const { id } = expected;
    if (id === null || !this.#running.delete(id)) return;
    if (!response) {
      this.start(id, url);
      return;
    }
    const engine = this.engine();
    engine.head(id, response.status, response.finalUrl);
    engine.bytes(id, new Uint8Array(response.body));
    engine.end(id);
  }

  /** Starts a GET of bytes `first` to `last`, or of all. */
  start(id: number, url: string, first?: number, last?: number, urgent = true): void {
    const abort = new AbortController();
    this.#running.set(id, abort);
    if (this.#expected?.url === url && this.#expected.id === null) {
      this.#expected.id = id;
      return;
    }
    // A single `bytes=a-b` range is a CORS-safelisted header: no preflight (Fetch 2.2.2).
    const headers: HeadersInit = first === undefined ? {} : { range: `bytes=${first}-${last}` };
    this.#receive(id, url, { headers, signal: abort.signal }, urgent).then(
      () => this.#running.delete(id) && this.engine().end(id),
      () => this.#running.delete(id) && this.engine().failed(id),
    );
  }

  abort(id: number): void {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  async #receive(id: number, url: string, init: RequestInit, urgent: boolean): Promise<void> {
    const response = await fetch(url, init);
    if (!this.#running.has(id)) return;
    const length = response.headers.get("content-length");
    this.engine().head(id, response.status, response.url, length === null ? undefined : Number(length));
    const { body } = response;
    if (!body) return;
    const read = urgent ? asItArrives(body) : inPieces(body);
    for (;;) {
      const { done, value } = await read();
      if (!this.#running.has(id)) return;
      if (value?.byteLength) this.engine().bytes(id, value);
      if (done) return;
    }
  }
}

type Read = () => Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;

function asItArrives(body: ReadableStream<Uint8Array<ArrayBuffer>>): Read {
  const reader = body.getReader();
  return () => reader.read();
}

function inPieces(body: ReadableStream<Uint8Array<ArrayBuffer>>): Read {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return asItArrives(body);
  }
  // Without support for `min` a piece is what has arrived.
  return () => reader.read(new Uint8Array(2 * PIECE), { min: PIECE }) as ReturnType<Read>;
}

/** Delivers records to the collector. @returns the status, 0 without an answer. */
export async function deliver(url: string, body: string): Promise<number> {
  try {
    // It outlives the page; the engine's bodies are smaller than the 64 KiB that fetch allows for this.
    const headers = { "content-type": "application/cmcd" };
    return (await fetch(url, { method: "POST", headers, body, keepalive: true })).status;
  } catch {
    return 0;
  }
}
