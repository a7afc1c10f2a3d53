// Streams with what is seldom met: the player loads the full engine in place of the usual one, and they play.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { checkout, serve, type Server } from "./servers.ts";
import { expect, test } from "./thalweg.ts";
import { Viewer } from "./viewer.ts";

const SOURCE = checkout("target/ladder-short/hls-ts/index_360p.m3u8");
const FOLDER = checkout("target/browser/seldom");

/** An HLS playlist of the sample ladder's lowest rung, its segments written with these options of ffmpeg. */
function packaged(name: string, ...options: string[]): void {
  const segments = ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod"];
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", SOURCE, ...segments, ...options, `${FOLDER}/${name}.m3u8`]);
}

let origin: Server;
test.beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  packaged("latm", "-c", "copy", "-hls_ts_options", "mpegts_flags=latm");
  packaged("packed", "-map", "0:a", "-c", "copy", "-hls_segment_type", "mpegts", "-hls_segment_filename", `${FOLDER}/packed%d.aac`, "-f", "segment", "-segment_format", "adts", "-segment_list", `${FOLDER}/packed.m3u8`, "-segment_list_type", "m3u8", "-segment_time", "4");
  origin = await serve("target/browser/seldom");
});
test.afterAll(() => origin.stop());

for (const [name, what] of [
  ["latm", "MPEG-TS with AAC in LATM"],
  ["packed", "packed audio"],
] as const) {
  test(`${what} plays, with the full engine`, async ({ page, thalweg }) => {
    const engines: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith(".wasm")) engines.push(new URL(request.url()).pathname.split("/").at(-1) ?? "");
    });
    const viewer = await Viewer.open(page, thalweg);
    expect(await viewer.load(`${origin.url}${name}.m3u8`)).toBeNull();
    await viewer.play();
    await viewer.until(() => window.video.ended);
    expect(await viewer.position()).toBeCloseTo(14, 0);
    const sound = await page.evaluate(() => (window.video as unknown as { webkitAudioDecodedByteCount: number }).webkitAudioDecodedByteCount);
    expect(sound, "bytes of sound that were decoded").toBeGreaterThan(50_000);
    expect(engines).toEqual(["thalweg_bg.wasm", "thalweg_full_bg.wasm"]);
    const { error } = (await viewer.seen()).said;
    expect(error.map(({ code, severity }) => [code, severity])).toEqual([["player.engine", "recovered"]]);
    expect(viewer.problems).toEqual([]);

    // The next stream needs no third one.
    expect(await viewer.load(thalweg.media("short/hls-ts/index.m3u8"))).toBeNull();
    await viewer.until(() => window.video.currentTime > 1 && !window.video.paused);
    expect(engines).toHaveLength(2);
  });
}
