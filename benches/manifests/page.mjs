// Runs in Chromium's page: measures what `run.mjs` asks for. The garbage of one parse is collected before the next one
// begins, so that no parser pays for another's.

import { PARSERS, start } from "./parsers.mjs";
import { mpd, playlist } from "./texts.mjs";

const PLAYLIST = "https://cdn.example.com/vod/1234/1080p.m3u8";
const MPD = "https://cdn.example.com/vod/1234/manifest.mpd";
const WARM_UP_MS = 1000;
const memory = await start();

const encode = (text) => new TextEncoder().encode(text);

function input(url, { text, expected }) {
  return { text, bytes: encode(text), url, expected };
}

const make = {
  playlist: (segments, options) => input(PLAYLIST, playlist(segments, options)),
  grown(segments) {
    const old = encode(playlist(segments, { ended: false }).text);
    return { ...input(PLAYLIST, playlist(segments + 1, { ended: false })), old };
  },
  mpd: (segments) => input(MPD, mpd(segments)),
};

/** What is wrong with a parser's result. */
function wrong(found, { expected }) {
  const { segments, seconds } = found;
  if (segments === expected.segments && Math.abs(seconds - expected.seconds) < 1e-6 * expected.seconds) return null;
  return `found ${segments} segments of ${seconds} s in all; there are ${expected.segments} of ${expected.seconds} s`;
}

/** What is wrong with what a parser makes of an input. */
async function check(parser, given) {
  try {
    const model = await parser.parse(given, parser.prepare?.(given));
    const found = wrong(parser.count(model), given);
    parser.free?.(model);
    await parser.close?.(model);
    return found;
  } catch (error) {
    return `failed: ${error.message || error}`;
  }
}

/** Milliseconds that a parser takes for each of `times` parses of an input. Each result is checked. */
async function time(parser, given, times = 1) {
  let total = 0;
  for (let nth = 0; nth < times; nth++) {
    const state = parser.prepare?.(given);
    const begin = performance.now();
    const model = await parser.parse(given, state);
    const parsed = performance.now();
    const words = wrong(parser.count(model), given);
    if (words !== null) throw new Error(words);
    const counted = performance.now();
    parser.free?.(model);
    total += parsed - begin + performance.now() - counted;
    await parser.close?.(model);
  }
  return total / times;
}

/** The first parse of each parser in this page, in the order given. */
async function cold(format, order, options) {
  const given = make[options.make](...options.arguments);
  const found = {};
  for (const name of order) {
    globalThis.gc();
    found[name] = await time(PARSERS[format][name], given);
  }
  return found;
}

/** Warm parses, the parsers taking turns: milliseconds, a list for each, or what is wrong with its result. */
async function warm(format, { make: kind, arguments: given_, times }, rounds) {
  const given = make[kind](...given_);
  const parsers = [];
  const failed = [];
  for (const [name, parser] of Object.entries(PARSERS[format])) {
    const words = await check(parser, given);
    if (words === null) parsers.push([name, parser]);
    else failed.push({ name, words });
  }
  const found = Object.fromEntries(parsers.map(([name]) => [name, []]));
  // V8's compilers must be done with each.
  for (const [, parser] of parsers) {
    const until = performance.now() + WARM_UP_MS;
    for (let round = 0; round < 4 || performance.now() < until; round++) await time(parser, given, times);
  }
  for (let round = 0; round < rounds; round++) {
    for (let nth = 0; nth < parsers.length; nth++) {
      const [name, parser] = parsers[(nth + round) % parsers.length];
      globalThis.gc();
      found[name].push(await time(parser, given, times));
    }
  }
  return { bytes: given.bytes.length, segments: given.expected.segments, found, failed };
}

/** Bytes that a model keeps: of ours, by how much WASM's memory grew; it was fresh. */
async function kept(format, name, { make: kind, arguments: given_ }) {
  const given = make[kind](...given_);
  const parser = PARSERS[format][name];
  const used = () => {
    globalThis.gc();
    return name === "thalweg" ? memory.buffer.byteLength : performance.memory.usedJSHeapSize;
  };
  const before = used();
  const model = await parser.parse(given);
  const bytes = used() - before;
  const words = wrong(parser.count(model), given);
  if (words !== null) throw new Error(words);
  return bytes;
}

globalThis.bench = { cold, warm, kept };
