// The quality follows the network: up when there is room, down before the buffer is empty, and up again.

import { expect, test } from "./thalweg.ts";
import { Viewer } from "./viewer.ts";

test("the height follows the network, without a stall", async ({ page, thalweg }) => {
  const player = { bufferAhead: 12 };
  const viewer = await Viewer.open(page, thalweg, "dash-timeline/manifest.mpd", { player });
  await viewer.play();
  const height = () => page.evaluate(() => window.seen.frames.at(-1)?.height ?? 0);
  await expect.poll(height, { timeout: 20_000 }).toBe(1080);

  await thalweg.net(1000, 40);
  await expect.poll(height, { timeout: 40_000 }).toBeLessThanOrEqual(480);

  await thalweg.net(null);
  await expect.poll(height, { timeout: 25_000 }).toBeGreaterThanOrEqual(720);

  const { media, frames, said } = await viewer.seen();
  const began = media.findIndex(({ name }) => name === "playing");
  // A busy machine's decoder may pause with media at hand; that is no fault of the choice of quality.
  const dry = media.slice(began).filter(({ name, ahead }) => name === "waiting" && ahead < 1);
  expect(dry, "the buffer never runs dry").toEqual([]);
  const pauses = frames.slice(1).map(({ at }, i) => at - (frames[i]?.at ?? at));
  expect(Math.max(...pauses), "no standing picture").toBeLessThan(2000);
  expect(said.error.filter(({ severity }) => severity !== "recovered")).toEqual([]);
  // Each change has a reason that a person can read.
  for (const { reason, words } of said.decision) {
    expect(reason).toMatch(/^[a-z_]+$/);
    expect(words).toMatch(/^[A-Z].*\.$/);
  }
});

test("a fast network shows 1080 lines in every packaging", async ({ page, thalweg }) => {
  for (const stream of ["hls-ts/index.m3u8", "hls-fmp4/index.m3u8", "dash-ondemand/manifest.mpd"]) {
    const viewer = await Viewer.open(page, thalweg, `short/${stream}`);
    await viewer.play();
    await expect.poll(() => page.evaluate(() => window.video.videoHeight), { timeout: 15_000 }).toBe(1080);
    expect((await viewer.stats()).stalls).toBe(0);
  }
});
