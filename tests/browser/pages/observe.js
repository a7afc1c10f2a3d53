// What a page sees of a player from outside: the media element's events and frames, and what the player says.
// Nothing here asks the player what it measured, so that what it measured can be compared with this.

const MEDIA_EVENTS = [
  "loadstart", "loadedmetadata", "canplay", "play", "playing", "pause", "waiting", "seeking", "seeked", "ended",
  "ratechange", "volumechange", "resize", "error", "emptied",
];
const PLAYER_EVENTS = ["decision", "rendition", "stall", "request", "error", "beacon"];
const BLOCKS = 18;

/**
 * Notes what happens to a <video> and its Player from now on. Times are of performance.now().
 * @param numbers whether to read the number burnt into each frame, which costs a copy of the frame
 */
export function observe(video, player, { numbers = false } = {}) {
  const seen = { media: [], frames: [], longestPause: 0, said: {} };
  for (const name of MEDIA_EVENTS) {
    video.addEventListener(name, () => {
      seen.media.push({ name, at: performance.now(), position: video.currentTime, ahead: ahead(video) });
    });
  }
  for (const type of PLAYER_EVENTS) {
    seen.said[type] = [];
    player.on(type, (detail) => seen.said[type].push({ ...detail, heard: performance.now() }));
  }
  const frame = (now, { mediaTime, width, height, presentedFrames }) => {
    const number = numbers ? burntIn(video)?.frame : undefined;
    seen.frames.push({ at: now, time: mediaTime, width, height, presented: presentedFrames, number });
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    seen.longestPause = Math.max(seen.longestPause, now - last);
    last = now;
  }, 50);
  return seen;
}

/** Seconds buffered from the playhead on. */
function ahead({ buffered, currentTime }) {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
  }
  return 0;
}

const canvas = new OffscreenCanvas(BLOCKS * 4, 4);
const context = canvas.getContext("2d", { willReadFrequently: true });

/**
 * What cli/src/ladder/pattern.rs burnt into the frame that `video` shows: its number, and its rendition counted from
 * the lowest. Null if the blocks are neither white nor black: this is no frame of the pattern.
 */
export function burntIn(video) {
  const { videoWidth: width, videoHeight: height } = video;
  context.drawImage(video, 0, 0, (width * BLOCKS) / 32, height / 18, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let bits = 0;
  for (let block = 0; block < BLOCKS; block++) {
    const level = data[(2 * canvas.width + block * 4 + 2) * 4];
    if (level > 96 && level < 160) return null;
    bits = bits * 2 + (level > 128 ? 1 : 0);
  }
  return { frame: bits >> 2, rendition: bits & 3 };
}
