// Runs in Chromium's page: measures what `run.mjs` asks for. The garbage of one parse is collected before the next one
// begins, so that no parser pays for another's.

import { PARSERS, start } from "./parsers.mjs";
import { mpd, playlist } from "./texts.mjs";

const URLS = { hls: "https://cdn.example.com/vod/1234/1080p.m3u8", dash: "https://cdn.example.com/vod/1234/manifest.mpd" };
const memory = await start();

function input(format, { text, expected }) {
  return { text, bytes: new TextEncoder().encode(text), url: URLS[format], expected };
}

const make = {
  playlist: (segments, options) => input("hls", playlist(segments, options)),
  mpd: (segments) => input("dash", mpd(segments)),
};

function check(name, { segments, seconds }, { expected }) {
  if (segments === expected.segments && Math.abs(seconds - expected.seconds) < 1e-6 * expected.seconds) return;
  throw new Error(`${name} found ${segments} segments of ${seconds} s in all; there are ${expected.segments} of ${expected.seconds} s`);
}

/** Milliseconds that a parser takes for `times` parses of an input, each; its result is checked first. */
async function time(name, parser, given, times = 1) {
  let total = 0;
  for (let nth = 0; nth < times; nth++) {
    const begin = performance.now();
    const model = await parser.parse(given);
    const parsed = performance.now();
    if (nth === 0) check(name, parser.count(model), given);
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
    found[name] = await time(name, PARSERS[format][name], given);
  }
  return found;
}

/** Warm parses, the parsers taking turns: milliseconds, a list for each. */
async function warm(format, { make: kind, arguments: given_, times }, rounds) {
  const given = make[kind](...given_);
  const parsers = Object.entries(PARSERS[format]);
  const found = Object.fromEntries(parsers.map(([name]) => [name, []]));
  // Four rounds for V8's compilers to be done.
  for (let round = -4; round < rounds; round++) {
    for (let nth = 0; nth < parsers.length; nth++) {
      const [name, parser] = parsers[(nth + Math.max(round, 0)) % parsers.length];
      globalThis.gc();
      const milliseconds = await time(name, parser, given, times);
      if (round >= 0) found[name].push(milliseconds);
    }
  }
  return { bytes: given.bytes.length, segments: given.expected.segments, found };
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
  check(name, parser.count(model), given);
  return bytes;
}

globalThis.bench = { cold, warm, kept, names: (format) => Object.keys(PARSERS[format]) };
