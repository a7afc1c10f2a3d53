// The parsers, each behind the same face:
// - `prepare(input)`, where there is one, gives `parse` its second argument, and does not count;
// - `parse(input)` takes `{ text, bytes, url }` and returns a model, or a promise of one;
// - `count(model)` returns its segments and their seconds, over all renditions;
// - `free(model)`, where there is one, gives the model's memory back, and counts as part of the time;
// - `close(model)`, where there is one, does not count.
// Ours gets the bytes of a response, as the engine does in its worker. Shaka fetches for itself, and gets them too. The
// others get the text, which their players decode before.

import "dashjs";
import { M3U8Parser } from "hls.js";
import { Parser } from "m3u8-parser";
import { parse as parseMpd } from "mpd-parser";
import shaka from "shaka-player/dist/shaka-player.compiled.js";
import init, { Live, Model } from "thalweg-bench";

const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);

/** Starts our module, and returns its memory. */
export async function start() {
  const { memory } = await init();
  return memory;
}

const ours = {
  count: (model) => ({ segments: model.segments(), seconds: model.seconds() }),
  free: (model) => model.free(),
};

const shakaDefault = new shaka.Player();
// What Shaka's parser fetches: the manifest, and the first segment with its key, in which it looks for codecs. That
// segment is empty but for the padding of its encryption.
const shakaFiles = new Map();
const shakaKey = new ArrayBuffer(16);
const shakaSegment = await crypto.subtle.encrypt(
  { name: "AES-CBC", iv: new Uint8Array(16) },
  await crypto.subtle.importKey("raw", shakaKey, "AES-CBC", false, ["encrypt"]),
  new Uint8Array(0),
);
shaka.net.NetworkingEngine.registerScheme("https", (uri) => {
  const data = shakaFiles.get(uri) ?? (uri.startsWith("https://keys.") ? shakaKey : shakaSegment);
  return shaka.util.AbortableOperation.completed({ uri, originalUri: uri, data, headers: {} });
});

// What Shaka's player gives its parser.
const shakaPlayer = {
  networkingEngine: shakaDefault.getNetworkingEngine(),
  filter: async () => {},
  makeTextStreamsForClosedCaptions() {},
  onTimelineRegionAdded() {},
  onEvent() {},
  onError(error) {
    throw error;
  },
  isLowLatencyMode: () => false,
  updateDuration() {},
  newDrmInfo() {},
  onManifestUpdated() {},
  getBandwidthEstimate: () => 1e6,
  onMetadata: async () => {},
  disableStream() {},
  addFont() {},
  getStreamingRetryParameters: () => shaka.net.NetworkingEngine.defaultRetryParameters(),
  onSegmentReceived() {},
};

const shakaWith = (Parser) => ({
  async parse({ bytes, url }) {
    shakaFiles.set(url, bytes.buffer);
    const parser = new Parser();
    parser.configure(shakaDefault.getConfiguration().manifest, () => false);
    const manifest = await parser.start(url, shakaPlayer);
    const variants = manifest.variants.flatMap(({ audio, video }) => [audio, video]);
    const streams = [...new Set(variants)].filter((stream) => stream !== null);
    for (const stream of streams) await stream.createSegmentIndex();
    return { parser, streams };
  },
  count({ streams }) {
    const references = streams.flatMap(({ segmentIndex }) => [...segmentIndex]);
    return { segments: references.length, seconds: sum(references, (one) => one.endTime - one.startTime) };
  },
  close: ({ parser }) => parser.stop(),
});

const silent = { getLogger: () => ({ debug() {}, info() {}, warn() {}, error() {}, fatal() {} }) };

const hls = {
  thalweg: { ...ours, parse: ({ bytes, url }) => Model.hls(bytes, url) },
  "hls.js": {
    parse: ({ text, url }) => M3U8Parser.parseLevelPlaylist(text, url, 0, "main", 0, null),
    count: ({ fragments }) => ({ segments: fragments.length, seconds: sum(fragments, (one) => one.duration) }),
  },
  "m3u8-parser": {
    parse({ text, url }) {
      const parser = new Parser({ url });
      parser.push(text);
      parser.end();
      return parser.manifest;
    },
    count: ({ segments }) => ({ segments: segments.length, seconds: sum(segments, (one) => one.duration) }),
  },
  shaka: shakaWith(shaka.hls.HlsParser),
};

export const PARSERS = {
  hls,
  dash: {
    thalweg: { ...ours, parse: ({ bytes, url }) => Model.dash(bytes, url) },
    "dash.js": {
      // Its parser makes a tree of the XML; segments are made from that, one by one, while playing.
      treeOnly: true,
      parse: ({ text }) => globalThis.dashjs.FactoryMaker.getClassFactoryByName("DashParser")().create({ debug: silent }).parse(text),
      count({ Period }) {
        const each = Period.flatMap(({ AdaptationSet }) => AdaptationSet).map((set) => {
          const { timescale, SegmentTimeline } = set.SegmentTemplate;
          const entries = SegmentTimeline.S;
          const many = set.Representation.length;
          return { segments: many * entries.length, seconds: (many * sum(entries, ({ d }) => d)) / timescale };
        });
        return { segments: sum(each, (one) => one.segments), seconds: sum(each, (one) => one.seconds) };
      },
    },
    "mpd-parser": {
      parse: ({ text, url }) => parseMpd(text, { manifestUri: url }),
      count({ playlists, mediaGroups }) {
        const audio = Object.values(mediaGroups.AUDIO).flatMap((group) => Object.values(group));
        const all = [...playlists, ...audio.flatMap((entry) => entry.playlists)];
        const segments = all.flatMap((one) => one.segments);
        return { segments: segments.length, seconds: sum(segments, (one) => one.duration) };
      },
    },
    shaka: shakaWith(shaka.dash.DashParser),
  },
  // A playlist that was read before, as `old`, and has a segment more now. The others read it all again; what their players
  // do then to merge the two is not counted.
  reload: {
    ...hls,
    thalweg: {
      ...ours,
      prepare: ({ old, url }) => Live.load(old, url),
      parse({ bytes, url }, live) {
        if (!live.reload(bytes, url)) throw new Error("refused");
        return live;
      },
    },
  },
};
