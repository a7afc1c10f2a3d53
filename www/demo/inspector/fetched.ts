// Fetches a manifest's text or a segment's bytes, and says in words why it could not.

import type { ByteRange } from "./model.ts";

/** More than any manifest or segment has: a URL may lead to a film. */
const MOST_BYTES = 64_000_000;
const LATEST_MS = 20_000;

export interface Fetched {
  /** After redirects: relative URIs begin there. */
  url: string;
  data: Uint8Array<ArrayBuffer>;
  type: string | null;
}

/** The text of what was fetched. A byte order mark is part of what the parsers read. */
export function textOf({ data }: Fetched): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
}

/** What is at a URL, or a range of it. Fails with an `Error` whose message is for the reader; with an `AbortError` if `signal` says so. */
export async function fetchBytes(url: string, signal: AbortSignal, range: ByteRange | null = null): Promise<Fetched> {
  const both = AbortSignal.any([signal, AbortSignal.timeout(LATEST_MS)]);
  const headers: HeadersInit = range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
  let response: Response;
  try {
    response = await fetch(url, { signal: both, cache: "no-store", headers });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(await reason(url, error), { cause: error });
  }
  if (!response.ok) throw new Error(`The server answered ${response.status} ${response.statusText}`.trimEnd() + ".");
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    for (const reader = response.body?.getReader(); reader; ) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      bytes += value.length;
      if (bytes > MOST_BYTES) {
        void reader.cancel();
        throw new RangeError(`This is larger than ${MOST_BYTES / 1e6} MB: no manifest, and no segment.`);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RangeError) throw error;
    throw new Error(`The connection broke after ${bytes} bytes.`, { cause: error });
  }
  const data = new Uint8Array(await new Blob(chunks).arrayBuffer());
  // A server that knows no ranges sends all.
  const part = range && response.status !== 206 ? data.subarray(range.offset, range.offset + range.length) : data;
  return { url: response.url, data: part, type: response.headers.get("content-type") };
}

/** Scripts are not told why a request failed; that the same one succeeds when its answer may not be read tells it. */
async function reason(url: string, error: unknown): Promise<string> {
  if (error instanceof DOMException && error.name === "TimeoutError") return `The server did not answer within ${LATEST_MS / 1000} s.`;
  if (location.protocol === "https:" && new URL(url).protocol === "http:") {
    return "This page was loaded over https, from where the browser fetches nothing over http.";
  }
  const opaque = await fetch(url, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(5000) }).catch(() => null);
  void opaque?.body?.cancel();
  return opaque === null
    ? `No answer from ${new URL(url).host}: the host is unknown, unreachable, or refuses the connection.`
    : `The server answers, but does not allow pages of ${location.origin} to read it: it sends no matching Access-Control-Allow-Origin (CORS).`;
}
