// A seek shows the frame that was asked for: its number is burnt into it.

import { expect, test } from "./thalweg.ts";
import { FRAME_RATE, PACKAGINGS, Viewer } from "./viewer.ts";

/** The frame at a time. */
const frameAt = (time: number) => Math.floor(time * FRAME_RATE + 1e-3);

for (const packaging of PACKAGINGS) {
  test(`${packaging}: seeks to places that are not buffered`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg, packaging, { player: { bufferAhead: 8 } });
    await viewer.until(() => window.video.readyState >= 2);

    for (const target of [40.52, 10.21, 58.9, 0]) {
      if (target > 0) expect(await viewer.buffers(target), `${target} is not buffered`).toBe(false);
      const { number } = await viewer.seek(target);
      expect(Math.abs(number - frameAt(target)), `paused at ${target}: frame ${number}`).toBeLessThanOrEqual(1);
      expect(await viewer.position()).toBeCloseTo(target, 2);
    }

    await viewer.play();
    for (const target of [35.4, 12.3, 50]) {
      expect(await viewer.buffers(target), `${target} is not buffered`).toBe(false);
      const { number, time } = await viewer.seek(target);
      expect(time).toBeGreaterThan(target - 1 / FRAME_RATE);
      expect([0, 1], `playing from ${target}: frame ${number} at ${time}`).toContain(number - Math.round(time * FRAME_RATE));
      await viewer.reach(target + 0.5);
    }
    const { said } = await viewer.seen();
    expect(said.error).toEqual([]);
    expect(said.stall, "a seek is no stall").toEqual([]);
    // Figures are up to a second old.
    await expect.poll(async () => (await viewer.stats()).seeks).toBeGreaterThanOrEqual(3);
  });
}

test("a seek within the buffer fetches nothing anew", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/hls-fmp4/index.m3u8");
  await viewer.hold(360);
  await viewer.until(() => window.video.buffered.length > 0 && window.video.buffered.end(0) > 13.9);
  const before = (await thalweg.requests()).length;
  for (const target of [9.5, 2.25, 13.3]) {
    const { number } = await viewer.seek(target);
    expect(Math.abs(number - frameAt(target)), `at ${target}: frame ${number}`).toBeLessThanOrEqual(1);
  }
  expect((await thalweg.requests()).length).toBe(before);
});

test("many seeks at once end at the last one", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "dash-timeline/manifest.mpd", { player: { bufferAhead: 8 } });
  await viewer.play();
  await viewer.reach(0.5);
  await page.evaluate(() => {
    for (const target of [50, 5, 44, 13, 30]) window.video.currentTime = target;
  });
  const { number } = await viewer.seek(22.4);
  expect(Math.abs(number - frameAt(22.4))).toBeLessThanOrEqual(3);
  await viewer.reach(24);
  expect((await viewer.seen()).said.error).toEqual([]);
});
