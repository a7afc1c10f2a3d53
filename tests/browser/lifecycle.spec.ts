// What a page may do with a player: choose a quality, a rate, pause, replay, load another stream, destroy it, have two.

import { expect, test } from "./thalweg.ts";
import { FRAME_RATE, Viewer } from "./viewer.ts";

const STREAM = "short/hls-fmp4/index.m3u8";

test("a rendition is held by hand, and given back", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "dash-timeline/manifest.mpd");
  await viewer.play();
  const shown = () => page.evaluate(() => ({ height: window.video.videoHeight, rank: window.burntIn(window.video)?.rendition }));
  for (const [height, rank] of [[480, 1], [1080, 3], [360, 0]] as const) {
    await viewer.hold(height);
    // What is at the playhead stays; the segment after it is replaced.
    await expect.poll(shown, { timeout: 20_000 }).toEqual({ height, rank });
    expect(await page.evaluate(() => window.player.selected)).not.toBe("auto");
    expect((await viewer.stats()).fetched).toBe(`${height}p`);
  }
  const decided = await page.evaluate(() => window.player.decisions());
  expect(decided.filter(({ reason }) => reason === "manual").map(({ height }) => height)).toEqual([480, 1080, 360]);

  await page.evaluate(() => window.player.select("auto"));
  expect(await page.evaluate(() => window.player.selected)).toBe("auto");
  await expect.poll(async () => (await viewer.stats()).fetched, { timeout: 20_000 }).toBe("1080p");
  const { said, media } = await viewer.seen();
  expect(said.error).toEqual([]);
  expect(media.filter(({ name }) => name === "waiting").length, "no stall").toBeLessThanOrEqual(1);
});

for (const rate of [0.5, 2]) {
  test(`plays at rate ${rate}`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg, STREAM);
    await viewer.hold(360);
    await page.evaluate((rate) => {
      window.video.playbackRate = rate;
      return window.video.play();
    }, rate);
    await viewer.reach(0.5);
    const at = () => page.evaluate(() => [window.video.currentTime, performance.now() / 1000] as const);
    const [position, clock] = await at();
    await viewer.reach(position + 2);
    const [later, now] = await at();
    expect((later - position) / (now - clock)).toBeGreaterThan(rate * 0.9);
    expect((later - position) / (now - clock)).toBeLessThan(rate * 1.1);
  });
}

test("pauses, plays on, ends, plays again from the start", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, STREAM);
  await viewer.hold(360);
  await viewer.play();
  await viewer.reach(1);
  await page.evaluate(() => window.video.pause());
  await expect.poll(async () => (await viewer.stats()).state).toBe("paused");
  const stopped = await viewer.position();
  const requests = (await thalweg.requests()).length;
  await expect.poll(async () => (await viewer.stats()).position).toBeCloseTo(stopped, 1);
  expect(await viewer.position()).toBe(stopped);
  expect((await thalweg.requests()).length - requests, "a pause is no reason to fetch").toBeLessThanOrEqual(2);

  await viewer.finish();
  await expect.poll(async () => (await viewer.stats()).state).toBe("ended");
  await page.evaluate(() => {
    window.seen.frames.length = 0;
    window.video.playbackRate = 1;
    return window.video.play();
  });
  await viewer.reach(0.5);
  await viewer.until(() => !window.video.ended && window.video.currentTime > 1 && window.video.currentTime < 5);
  expect(await page.evaluate(() => (window.seen.frames.find(({ time }) => time < 2)?.time ?? 9))).toBeLessThan(0.2);
  await viewer.finish();
  expect((await viewer.seen()).said.error).toEqual([]);
});

test("another stream takes the place of the one that plays", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/hls-ts/index.m3u8", { player: { bufferAhead: 5 } });
  await viewer.play();
  await viewer.reach(1);
  const first = (await viewer.stats()).sid;
  for (const next of ["dash-ondemand/manifest.mpd", "short/dash-timeline/manifest.mpd", STREAM]) {
    expect(await viewer.load(thalweg.media(next))).toBeNull();
    // It was playing, so it goes on playing, from the start of the new one.
    await viewer.until(() => window.video.currentTime > 0.3 && window.video.currentTime < 5);
    const shown = await page.evaluate(() => ({ number: window.burntIn(window.video)?.frame ?? -1, time: window.video.currentTime }));
    expect(Math.abs(shown.number - shown.time * FRAME_RATE)).toBeLessThan(5);
  }
  await viewer.finish();
  expect((await viewer.stats()).sid, "each load is a view").not.toBe(first);
  expect(viewer.problems).toEqual([]);
});

test("a load that another overtakes is refused", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg);
  const [overtaken, last] = await Promise.all([
    viewer.load(thalweg.media("hls-ts/index.m3u8")),
    viewer.load(thalweg.media(STREAM)),
  ]);
  expect(overtaken).toMatchObject({ category: "player" });
  expect(last).toBeNull();
  expect(await page.evaluate(() => window.player.stats().format)).not.toBe("dash");
  await viewer.finish();
  expect(await viewer.position()).toBeCloseTo(14, 1);
});

for (const mse of ["auto", "page"] as const) {
  test(`destroy leaves nothing behind (mse ${mse})`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg, "hls-fmp4/index.m3u8", { player: { mse, bufferAhead: 8 } });
    await viewer.play();
    await viewer.reach(1);
    expect(page.workers()).toHaveLength(1);
    await page.evaluate(() => window.player.destroy());
    await expect.poll(() => page.workers().length).toBe(0);
    expect(
      await page.evaluate(() => {
        const { video } = window;
        return { src: video.getAttribute("src"), object: video.srcObject, current: video.readyState, buffered: video.buffered.length };
      }),
    ).toEqual({ src: null, object: null, current: 0, buffered: 0 });
    const requests = (await thalweg.requests()).length;
    // Nothing more is asked for, whatever the element does.
    await page.evaluate(async () => {
      window.video.play().catch(() => {});
      window.video.currentTime = 30;
      dispatchEvent(new Event("online"));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
    expect((await thalweg.requests()).length).toBe(requests);
    expect(viewer.problems).toEqual([]);
    // The element can be given to another player.
    await page.evaluate(async (url) => {
      window.player = new window.Player(window.video);
      await window.player.load(url);
      await window.video.play();
    }, thalweg.media(STREAM));
    await viewer.until(() => window.video.currentTime > 0.5);
  });
}

test("two players on a page", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, STREAM);
  await viewer.hold(360);
  await page.evaluate(async (url) => {
    const video = document.createElement("video");
    video.id = "second";
    video.muted = true;
    document.body.append(video);
    const player = new window.Player(video, { mse: "page" });
    await player.load(url);
    player.select(player.tracks[0]?.renditions[0]?.id ?? "auto");
    video.playbackRate = 2;
    await Promise.all([video.play(), window.video.play()]);
  }, thalweg.media("short/dash-ondemand/manifest.mpd"));
  expect(page.workers()).toHaveLength(2);
  await viewer.finish(2);
  await page.waitForFunction(() => (document.getElementById("second") as HTMLVideoElement).ended);
  expect((await viewer.seen()).said.error).toEqual([]);
});

test("a worker that dies is replaced, and playback goes on from where it was", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "hls-fmp4/index.m3u8");
  await viewer.play();
  await viewer.reach(3);
  // As the engine's traps do: an exception that nobody catches.
  await page.workers()[0]?.evaluate(() => {
    setTimeout(() => {
      throw new Error("killed by the test");
    });
  });
  await viewer.until(() => window.seen.said.error.some(({ code }) => code === "player.worker"));
  await viewer.until(() => window.video.currentTime > 4 && window.video.currentTime < 12 && !window.video.paused, 15_000);
  const { said } = await viewer.seen();
  expect(said.error.map(({ severity }) => severity)).toEqual(["recovered"]);
  expect(page.workers()).toHaveLength(1);
});

test("a rendition chosen before the manifest is there is held from the first segment on", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/dash-timeline/manifest.mpd");
  await page.evaluate((url) => {
    void window.player.load(url);
    window.player.select("480p");
  }, thalweg.media("short/dash-timeline/manifest.mpd"));
  await viewer.until(() => window.video.readyState >= 2);
  expect(await page.evaluate(() => window.video.videoHeight)).toBe(480);
});
