// The worker in which all transmuxers run, one after the other: measures what `run.mjs` asks for. What became of a segment
// is counted and let go of, and garbage collected, before the next begins, so that no transmuxer pays for another's.

import { TRANSMUXERS } from "./transmuxers.mjs";

/** Bytes that fetch delivers at once, about. */
const CHUNK = 64 << 10;
const WARM_UP_MS = 1000;

onmessage = async ({ data: { names, media, rounds } }) => {
  try {
    postMessage({ found: await measure(names, media, rounds) });
  } catch (error) {
    postMessage({ error: String(error.stack ?? error) });
  }
};

/** For each transmuxer, the milliseconds of each segment in each round; those that give another output: why. */
async function measure(names, { init, urls, starts, expected }, rounds) {
  const get = async (url) => (await fetch(url)).arrayBuffer();
  const first = init && (await get(init));
  const segments = await Promise.all(urls.map(async (url, nth) => ({ ...cut(await get(url)), start: starts[nth], end: starts[nth + 1] })));
  const found = {};
  const run = {};
  for (const name of names) {
    found[name] = { rounds: [], wrong: null };
    try {
      run[name] = await TRANSMUXERS[name]();
      const begin = performance.now();
      while (rounds > 1 && performance.now() - begin < WARM_UP_MS) await pass(name, run[name], segments, first);
    } catch (error) {
      found[name].wrong = String(error);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names.filter((name) => found[name].wrong === null)) {
      try {
        const { times, bytes, count } = await pass(name, run[name], segments, first);
        found[name].rounds.push(times);
        found[name].bytes = bytes;
        found[name].wrong = name === "memcpy" ? null : wrong(count, expected);
      } catch (error) {
        found[name].wrong = String(error);
      }
    }
  }
  return found;
}

function cut(whole) {
  const chunks = [];
  for (let at = 0; at < whole.byteLength; at += CHUNK) chunks.push(new Uint8Array(whole.slice(at, at + CHUNK)));
  return { whole, chunks };
}

/** Samples that an output may have too many of: hls.js fills gaps between frames of audio with silence. */
const FILLED = 0.001;

/** What is wrong with an output: samples are missing, or too many. */
function wrong(found, expected) {
  const right = found >= expected && found <= expected * (1 + FILLED);
  return right ? null : `${found} samples; there are ${expected}`;
}

/** Reads all segments once: the milliseconds of each, and what came out. */
async function pass(name, run, segments, first) {
  const counts = name !== "memcpy";
  const times = [];
  let [bytes, count] = [0, 0];
  for await (const { ms, out } of run(segments, first)) {
    const all = joined(out);
    times.push(ms);
    bytes += all.byteLength;
    if (counts) count += samples(all, 0, all.byteLength);
    out.length = 0;
    globalThis.gc?.();
  }
  return { times, bytes, count };
}

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** The samples that the boxes in a range say there are. */
function samples(bytes, from, until) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found = 0;
  for (let at = from; at + 8 <= until; ) {
    const size = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (size < 8 || at + size > until) throw new Error(`${kind} of ${size} bytes at ${at}`);
    if (kind === "moof" || kind === "traf") found += samples(bytes, at + 8, at + size);
    if (kind === "trun") found += view.getUint32(at + 12);
    at += size;
  }
  return found;
}
