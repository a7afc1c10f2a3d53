// Fetches a manifest's text, and says in words why it could not.

/** More than any manifest has: a URL may lead to a film. */
const MOST_BYTES = 64_000_000;
const LATEST_MS = 20_000;

export interface Fetched {
  text: string;
  /** After redirects: relative URIs begin there. */
  url: string;
  bytes: number;
  type: string | null;
}

/** The text at a URL. Fails with an `Error` whose message is for the reader; with an `AbortError` if `signal` says so. */
export async function fetchText(url: string, signal: AbortSignal): Promise<Fetched> {
  const both = AbortSignal.any([signal, AbortSignal.timeout(LATEST_MS)]);
  let response: Response;
  try {
    response = await fetch(url, { signal: both, cache: "no-store" });
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
        throw new RangeError(`This is larger than ${MOST_BYTES / 1e6} MB: no manifest.`);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RangeError) throw error;
    throw new Error(`The connection broke after ${bytes} bytes.`, { cause: error });
  }
  // A byte order mark is part of what the parsers read.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await new Blob(chunks).arrayBuffer());
  return { text, url: response.url, bytes, type: response.headers.get("content-type") };
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
