// The manifests to parse, made here, each with what a parser must find in it. Durations change from segment to segment,
// as those of real encoders do, so that no run of equal ones makes it easy.

const UNEVEN = [0, 6, 23, 3, 17, 11, 20];

/**
 * A media playlist of segments of 6 s. With `rich`, each has its date, its key and its byte range as well; without
 * `ended` it may grow.
 */
export function playlist(segments, { rich = false, ended = true } = {}) {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:7", "#EXT-X-MEDIA-SEQUENCE:0"];
  lines.push(`#EXT-X-PLAYLIST-TYPE:${ended ? "VOD" : "EVENT"}`);
  let milliseconds = 0;
  let offset = 0;
  for (let nth = 0; nth < segments; nth++) {
    const name = String(nth).padStart(5, "0");
    const length = 1_000_000 + 997 * (nth % 1000);
    if (rich) {
      const iv = nth.toString(16).padStart(32, "0");
      lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example.com/k/${Math.floor(nth / 100)}",IV=0x${iv}`);
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(1.76e12 + milliseconds).toISOString()}`);
      lines.push(`#EXT-X-BYTERANGE:${length}@${offset}`);
    }
    lines.push(`#EXTINF:6.${String(UNEVEN[nth % 7]).padStart(3, "0")},`);
    lines.push(rich ? "1080p/all.mp4" : `1080p/segment_${name}.ts`);
    milliseconds += 6000 + UNEVEN[nth % 7];
    offset += length;
  }
  if (ended) lines.push("#EXT-X-ENDLIST");
  return { text: `${lines.join("\n")}\n`, expected: { segments, seconds: milliseconds / 1000 } };
}

/** An MPD of three sets with a SegmentTimeline each: video in six qualities, audio in two, and one of another language. */
export function mpd(segments) {
  const sets = [
    { head: 'contentType="video" mimeType="video/mp4" codecs="avc1.640028"', id: "v", count: 6, timescale: 90000 },
    { head: 'contentType="audio" mimeType="audio/mp4" codecs="mp4a.40.2" lang="en"', id: "a", count: 2, timescale: 48000 },
    { head: 'contentType="audio" mimeType="audio/mp4" codecs="mp4a.40.2" lang="de"', id: "b", count: 1, timescale: 48000 },
  ];
  const found = { segments: 0, seconds: 0 };
  let longest = 0;
  const written = sets.map(({ head, id, count, timescale }) => {
    const entries = [];
    let ticks = 0;
    for (let nth = 0; nth < segments; nth++) {
      const duration = 2 * timescale + UNEVEN[nth % 7] * (timescale / 1000);
      entries.push(nth === 0 ? `<S t="0" d="${duration}"/>` : `<S d="${duration}"/>`);
      ticks += duration;
    }
    found.segments += count * segments;
    found.seconds += (count * ticks) / timescale;
    longest = Math.max(longest, ticks / timescale);
    const representations = Array.from({ length: count }, (_, nth) => {
      const size = id === "v" ? ` width="${320 * (nth + 1)}" height="${180 * (nth + 1)}" frameRate="25"` : "";
      return `<Representation id="${id}${nth}" bandwidth="${(nth + 1) * 500_000}"${size}/>`;
    });
    return (
      `<AdaptationSet ${head} segmentAlignment="true"><SegmentTemplate timescale="${timescale}" ` +
      'initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Time$.m4s">' +
      `<SegmentTimeline>\n${entries.join("\n")}\n</SegmentTimeline></SegmentTemplate>${representations.join("")}</AdaptationSet>`
    );
  });
  const text =
    '<?xml version="1.0" encoding="UTF-8"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" ' +
    'profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT4S" ' +
    `mediaPresentationDuration="PT${longest.toFixed(3)}S"><Period id="p0" start="PT0S">${written.join("\n")}</Period></MPD>\n`;
  return { text, expected: found };
}
