// What `thalweg transmux` writes of the corpus's segments plays through Media Source Extensions, to its end. Types that this browser does
// not take are told of; everything else must play.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { checkout, serve, type Server } from "./servers.ts";
import { expect, test } from "./thalweg.ts";

const CORPUS = checkout("../shared/corpus/media");
const FOLDER = checkout("target/browser/transmuxed");
const SEGMENTS = new Set([".ts", ".aac", ".adts", ".mp3", ".ac3", ".eac3"]);

/** Pictures that are damaged in the segment are so in what comes of it, and this browser's decoder stops at one. */
const DAMAGED = new Map([
  ["h264_mpeg_audio_cut_mid_packet.ts", "its first picture lacks its beginning"],
  ["test-143.ts", "off the air, with bit errors"],
]);

interface Track {
  type: string;
  codec: string;
  samples: number;
  keyframes: number;
}

function segments(): string[] {
  if (!existsSync(CORPUS)) return [];
  const found = ["ts", "audio"].flatMap((kind) => readdirSync(join(CORPUS, kind), { recursive: true, encoding: "utf8" }).map((path) => join(CORPUS, kind, path)));
  return found.filter((path) => SEGMENTS.has(extname(path))).sort();
}

/** The tracks of what comes of a segment; null where there is nothing to decode in it. */
function transmux(path: string, to: string): Track[] | null {
  try {
    const printed = execFileSync(checkout("target/debug/thalweg"), ["transmux", path, "-o", to, "--json"], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" });
    return (JSON.parse(printed) as { tracks: Track[] }).tracks.filter(({ type, samples }) => (type === "video" || type === "audio") && samples > 0);
  } catch {
    return null;
  }
}

let origin: Server;
test.beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  origin = await serve("target/browser/transmuxed");
});
test.afterAll(() => origin.stop());

test("segments of the corpus, transmuxed, play to their end", async ({ page, thalweg }) => {
  const paths = segments();
  test.skip(paths.length === 0, `${CORPUS} is not there`);
  test.setTimeout(240_000);
  await page.goto(thalweg.page("watch.html"));
  const told: string[] = [];
  const failed: string[] = [];
  let played = 0;
  for (const [nth, path] of paths.entries()) {
    const name = basename(path);
    const tracks = transmux(path, `${FOLDER}/${nth}.mp4`);
    if (!tracks?.length) {
      told.push(`${name}: nothing to decode`);
      continue;
    }
    // What players do: one track of a kind in a SourceBuffer, from a random access point on.
    const count = (kind: string) => tracks.filter(({ type }) => type === kind).length;
    const why =
      DAMAGED.get(name) ??
      (count("video") > 1 || count("audio") > 1 ? "several tracks of a kind" : tracks.some(({ keyframes }) => keyframes === 0) ? "no random access point" : null);
    if (why !== null) {
      told.push(`${name}: ${why}`);
      continue;
    }
    const mime = `${tracks.some(({ type }) => type === "video") ? "video" : "audio"}/mp4; codecs="${[...new Set(tracks.map(({ codec }) => codec))].join()}"`;
    const outcome = await page.evaluate(play, { url: `${origin.url}${nth}.mp4`, mime });
    if (outcome === "unsupported") told.push(`${name}: ${mime} is not for this browser`);
    else if (outcome === "played") played++;
    else failed.push(`${name}: ${mime}: ${outcome}`);
  }
  console.log(`${played} of ${paths.length} segments played to their end\n${told.join("\n")}`);
  expect(failed).toEqual([]);
  expect(played).toBeGreaterThan(15);
});

/** In the page: `played`, `unsupported`, or what went wrong. */
async function play({ url, mime }: { url: string; mime: string }): Promise<string> {
  if (!MediaSource.isTypeSupported(mime)) return "unsupported";
  const data = await (await fetch(url)).arrayBuffer();
  const source = new MediaSource();
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(source);
  const event = (target: EventTarget, name: string) =>
    new Promise<void>((resolve, reject) => {
      target.addEventListener(name, () => resolve(), { once: true });
      video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true });
      setTimeout(() => reject(new Error(`no ${name} after 15 s`)), 15_000);
    });
  try {
    await event(source, "sourceopen");
    const buffer = source.addSourceBuffer(mime);
    // Where the first segment of a stream begins is where its presentation begins.
    buffer.mode = "sequence";
    buffer.appendBuffer(data);
    await event(buffer, "updateend");
    if (buffer.buffered.length === 0) return "nothing was buffered";
    source.endOfStream();
    video.currentTime = buffer.buffered.start(0);
    video.playbackRate = 4;
    const ended = event(video, "ended");
    video.play().catch(() => {});
    await ended;
    return "played";
  } catch (error) {
    return String(error);
  } finally {
    URL.revokeObjectURL(video.src);
    video.remove();
  }
}
