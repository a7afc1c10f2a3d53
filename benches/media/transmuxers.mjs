// The transmuxers, each as `start()`: gives `run(segments)`, a generator that reads segments that follow each other and yields
// for each what it took in milliseconds and the arrays to append. A segment is { whole, chunks, start, end }: an ArrayBuffer, and the same
// bytes in the pieces that fetch delivers; seconds. Only the time within a transmuxer is counted: no messages between threads, no copies that
// its player makes before and after. All run in this thread.

import "./shim.mjs";
import muxjs from "mux.js";
import shaka from "shaka-player/dist/shaka-player.compiled.js";
import init, { Transmuxer } from "thalweg-bench";

const now = () => performance.now();

/** Ours, in 64 KiB chunks: the copies into WASM's memory and out of it count. */
async function thalweg() {
  await init({ module_or_path: "ours_bg.wasm" });
  return async function* (segments, first) {
    const transmuxer = new Transmuxer();
    const check = (error) => {
      if (error !== undefined) throw new Error(error);
    };
    const read = (chunks) => {
      const out = [];
      const begin = now();
      transmuxer.begin();
      for (const chunk of chunks) check(transmuxer.push(chunk, out));
      check(transmuxer.end(out));
      return { ms: now() - begin, out };
    };
    if (first) read([new Uint8Array(first)]);
    for (const { chunks } of segments) yield read(chunks);
    transmuxer.free();
  };
}

/**
 * hls.js: its worker's script, called as its worker is, but in this thread, and what it answers is not copied.
 * https://github.com/video-dev/hls.js/blob/v1.7.4/src/demux/transmuxer-worker.ts
 */
async function hlsjs() {
  const source = await (await fetch("hls.worker.js")).text();
  let receive;
  let answer;
  const scope = {
    addEventListener: (_, listener) => (receive = listener),
    postMessage: (message) => answer(message),
    performance,
    MediaSource: globalThis.MediaSource,
  };
  // Anything else that a worker has comes from this one.
  Object.setPrototypeOf(scope, globalThis);
  new Function("self", source)(scope);
  const config = {
    debug: false, enableSoftwareAES: true, maxBufferHole: 0.1, maxAudioFramesDrift: 1, stretchShortVideoTrack: false,
    forceKeyFrameOnDiscontinuity: true, progressive: false, handleMpegTsVideoIntegrityErrors: "process",
  };
  let instanceNo = 0;
  return async function* (segments, first) {
    instanceNo += 1;
    const typeSupported = { mpeg: false, mp3: false, ac3: false };
    let out = [];
    let failed = null;
    let flushed;
    answer = (message) => {
      if (message.event === "transmuxComplete") {
        for (const track of Object.values(message.data?.remuxResult ?? {})) {
          for (const data of [track?.data1, track?.data2]) if (data) out.push(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength));
        }
      } else if (message.event === "flush") flushed();
      else if (message.event === "hlsError") failed = JSON.stringify(message.data).slice(0, 300);
    };
    const tell = (message) => receive({ data: { instanceNo, ...message } });
    const stats = () => ({ start: 0, executeStart: 0, executeEnd: 0, end: 0 });
    tell({ cmd: "init", typeSupported, id: "main", config: JSON.stringify(config) });
    for (const [sn, { whole, start }] of segments.entries()) {
      out = [];
      const chunkMeta = {
        level: 3, sn, part: -1, id: 1, size: whole.byteLength, partial: false,
        transmuxing: stats(), buffering: { audio: stats(), video: stats(), audiovideo: stats() },
      };
      const begins = sn === 0;
      const state = {
        discontinuity: begins, contiguous: !begins, accurateTimeOffset: false, trackSwitch: begins,
        timeOffset: start, initSegmentChange: begins,
      };
      const begin = now();
      if (begins) {
        const initSegmentData = first && new Uint8Array(first);
        tell({ cmd: "configure", config: { audioCodec: "mp4a.40.2", videoCodec: "avc1.640028", initSegmentData, duration: 60, defaultInitPts: null } });
      }
      const done = new Promise((resolve) => (flushed = resolve));
      tell({ cmd: "demux", data: whole, decryptdata: null, chunkMeta, state });
      tell({ cmd: "flush", chunkMeta });
      await done;
      const ms = now() - begin;
      if (failed !== null) throw new Error(failed);
      yield { ms, out };
    }
    tell({ cmd: "resetTransmuxer" });
  };
}

/** mux.js with the options that VHS gives it. */
function mux() {
  return async function* (segments) {
    const transmuxer = new muxjs.mp4.Transmuxer({ remux: false, keepOriginalTimestamps: true });
    let out;
    transmuxer.on("data", ({ data }) => out.push(data));
    for (const { whole } of segments) {
      out = [];
      const begin = now();
      transmuxer.push(new Uint8Array(whole));
      transmuxer.flush();
      yield { ms: now() - begin, out };
    }
  };
}

/** Shaka transmuxes a segment twice, with a transmuxer for each buffer. */
function shakaTs() {
  const mimeType = "video/mp2t";
  const common = { id: 1, mimeType, language: "en", drmInfos: [], encrypted: false, closedCaptions: null, fullMimeTypes: new Set() };
  const streams = [
    { ...common, type: "video", codecs: "avc1.640028,mp4a.40.2", width: 1920, height: 1080 },
    { ...common, type: "audio", codecs: "mp4a.40.2", channelsCount: 2, audioSamplingRate: 48000 },
  ];
  return async function* (segments) {
    const both = streams.map((stream) => ({ stream, transmuxer: new shaka.transmuxer.TsTransmuxer(`${mimeType}; codecs="avc1.640028,mp4a.40.2"`) }));
    for (const { whole, start, end } of segments) {
      const reference = new shaka.media.SegmentReference(start, end, () => ["x"], 0, null, null, 0, 0, Infinity);
      const out = [];
      const begin = now();
      for (const { stream, transmuxer } of both) {
        const { data, init } = await transmuxer.transmux(new Uint8Array(whole), stream, reference, 60, stream.type);
        out.push(...(init ? [init] : []), data);
      }
      yield { ms: now() - begin, out };
    }
    for (const { transmuxer } of both) transmuxer.destroy();
  };
}

/** The floor: each chunk is copied once. */
function memcpy() {
  return async function* (segments) {
    for (const { chunks } of segments) {
      const begin = now();
      const out = chunks.map((chunk) => chunk.slice());
      yield { ms: now() - begin, out };
    }
  };
}

export const TRANSMUXERS = { thalweg, "hls.js": hlsjs, "mux.js": mux, shaka: shakaTs, memcpy };
