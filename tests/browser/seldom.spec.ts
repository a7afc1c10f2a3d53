// Streams with what is seldom met: the player loads the full engine in place of the usual one, and they play.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { checkout, serve, type Server } from "./servers.ts";
import { expect, test } from "./thalweg.ts";
import { Viewer } from "./viewer.ts";

const SOURCE = checkout("target/ladder-short/hls-ts/index_360p.m3u8");
const FOLDER = checkout("target/browser/seldom");

/** An HLS playlist of the sample ladder's lowest rung, written by ffmpeg with these options. */
function packaged(name: string, ...options: string[]): void {
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", SOURCE, "-c", "copy", ...options.map((option) => option.replace("NAME", `${FOLDER}/${name}`))]);
}

let origin: Server;
test.beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const list = ["-segment_list", "NAME.m3u8", "-segment_list_type", "m3u8", "-segment_time", "4"];
  packaged("latm", "-c:a", "aac", "-f", "segment", "-segment_format", "mpegts", "-segment_format_options", "mpegts_flags=latm", ...list, "NAME%d.ts");
  packaged("packed", "-map", "0:a", "-f", "segment", "-segment_format", "adts", ...list, "NAME%d.aac");
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
    // Its promise is of a source that the full engine's may come in place of.
    await page.evaluate(() => void window.video.play().catch(() => {}));
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
    await viewer.play();
    await viewer.until(() => window.video.currentTime > 1);
    expect(engines).toHaveLength(2);
  });
}
