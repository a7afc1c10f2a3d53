// What the collector stores is what the page saw: start-up, stalls, switches, frames, bytes; also of a view that is left or hidden.

import { validate } from "../cmcd/validate.mjs";
import { expect, test, type Thalweg, type View } from "./thalweg.ts";
import { Viewer } from "./viewer.ts";

/** The page hears of events and frames some time after the player did, or before: milliseconds between the two clocks. */
const NEAR = 150;

type Figure = "startup_ms" | "stalls" | "stall_ms" | "switches" | "played_ms" | "watched_ms" | "bytes" | "events" | "height" | "total_frames" | "dropped_frames";

/** A view as the collector has it, once it says so. */
async function stored(thalweg: Thalweg, sid: string, ready: (view: Partial<View>) => boolean) {
  let view: Partial<View> = {};
  await expect
    .poll(
      async () => {
        view = (await thalweg.views()).find((view) => view.sid === sid) ?? {};
        return ready(view);
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  return view as View & Record<Figure, number>;
}

test("start-up, stalls, switches, frames and bytes", async ({ page, thalweg }) => {
  // The second segments come so late that the first have been played. (With audio at hand Chromium plays on for three
  // seconds without a picture.)
  await thalweg.faults([{ path: "*_00002.m4s", delay_ms: 9300 }]);
  await thalweg.net(null, 60);
  const viewer = await Viewer.open(page, thalweg, undefined, { beacon: true, interval: 2 });
  const began = await page.evaluate((url) => {
    const began = performance.now();
    window.video.play().catch(() => {});
    window.player.load(url).catch(() => {});
    return began;
  }, thalweg.media("short/hls-fmp4/index.m3u8"));
  await viewer.until(() => window.video.ended, 40_000);
  const ended = await page.evaluate(() => performance.now());
  const { frames, media, said } = await viewer.seen();
  const { sid, stalls, switches } = await viewer.stats();
  const view = await stored(thalweg, sid, (view) => view.ended === true);

  // Start-up: from play() to the first frame on the screen.
  const startup = (frames[0]?.at ?? 0) - began;
  expect(Math.abs(view.startup_ms - startup), `start-up ${view.startup_ms}, seen ${startup}`).toBeLessThan(NEAR);

  // Stalls: from `waiting` to `playing`, once it has played.
  const first = media.findIndex(({ name }) => name === "playing");
  const waits = media.slice(first).filter(({ name }) => name === "waiting" || name === "playing");
  const seen = waits.flatMap(({ name, at }, i) => (name === "waiting" ? [(waits[i + 1]?.at ?? ended) - at] : []));
  expect(seen.length, "the late segment stalls it").toBeGreaterThan(0);
  const stalled = seen.reduce((sum, stall) => sum + stall, 0);
  expect(view.stalls).toBe(seen.length);
  expect(Math.abs(view.stall_ms - stalled), `stalled ${view.stall_ms}, seen ${stalled}`).toBeLessThan(NEAR * seen.length);
  expect(said.stall.filter(({ seconds }) => seconds !== null)).toHaveLength(seen.length);
  expect(stalls).toBe(view.stalls);

  // Switches: the height of the frames changes.
  const heights = frames.map(({ height }) => height).filter((height, i, all) => height !== all[i - 1]);
  expect(heights.length, "the quality rises").toBeGreaterThan(1);
  expect(view.switches).toBe(heights.length - 1);
  expect(view.height).toBe(heights.at(-1));
  expect(switches).toBe(view.switches);

  expect(Math.abs(view.played_ms - 14_000)).toBeLessThan(NEAR);
  expect(Math.abs(view.watched_ms - (ended - began)), `watched ${view.watched_ms}, seen ${ended - began}`).toBeLessThan(NEAR);
  const quality = await page.evaluate(() => {
    const { totalVideoFrames, droppedVideoFrames } = window.video.getVideoPlaybackQuality();
    return { total: totalVideoFrames, dropped: droppedVideoFrames };
  });
  expect({ total: view.total_frames, dropped: view.dropped_frames }).toEqual(quality);
  const sent = (await thalweg.requests()).filter(({ path }) => path.startsWith("/short/")).reduce((sum, { bytes_sent }) => sum + bytes_sent, 0);
  expect(view.bytes).toBe(sent);
  expect(view.state).toBe("e");
  expect(view.errors).toEqual([]);

  // Every record is valid, and none is missing or told twice.
  // In the order of their records: two that are on their way at once may be answered in either.
  const number = ({ text }: { text: string }) => Number(/\bsn=(\d+)/.exec(text)?.[1]);
  const bodies = said.beacon.map(({ body }, i) => ({ name: `${i}`, text: body })).sort((a, b) => number(a) - number(b));
  expect(bodies.length).toBeGreaterThan(3);
  expect(said.beacon.map(({ status }) => status)).toEqual(bodies.map(() => 204));
  const { findings, records } = validate(bodies);
  expect(findings).toEqual([]);
  expect(view.events).toBe(records);
});

test("a view that is left", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/hls-ts/index.m3u8", { beacon: true });
  await viewer.play();
  await viewer.reach(3);
  const { sid } = await viewer.stats();
  const position = await viewer.position();
  await page.goto("about:blank");
  const view = await stored(thalweg, sid, (view) => view.quit === true);
  expect(view.state).toBe("q");
  // The page knows the figures of the last second.
  expect(view.played_ms).toBeGreaterThan(position * 1000 - 1500);
  expect(view.startup_ms).toBeGreaterThan(0);
  expect(view.exited_before_start).toBe(false);
});

test("a view that is left before anything was shown", async ({ page, thalweg }) => {
  await thalweg.faults([{ path: ".ts", delay_ms: 8000 }]);
  const viewer = await Viewer.open(page, thalweg, "short/hls-ts/index.m3u8", { beacon: true });
  await page.evaluate(() => void window.video.play().catch(() => {}));
  await expect.poll(async () => (await viewer.stats()).state).toBe("starting");
  const { sid } = await viewer.stats();
  await page.goto("about:blank");
  const view = await stored(thalweg, sid, (view) => view.quit === true);
  expect(view.exited_before_start).toBe(true);
  expect(view.startup_ms).toBeNull();
});

test("a player that is destroyed, or loads another stream, closes its view", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/hls-ts/index.m3u8", { beacon: true });
  await viewer.play();
  await viewer.reach(1);
  const first = (await viewer.stats()).sid;
  await viewer.load(thalweg.media("short/dash-timeline/manifest.mpd"));
  await viewer.until(() => window.video.currentTime > 0.5 && window.video.currentTime < 5 && window.player.stats().format === "dash");
  const second = (await viewer.stats()).sid;
  await page.evaluate(() => window.player.destroy());
  expect((await stored(thalweg, first, (view) => view.quit === true)).format).toBe("h");
  expect((await stored(thalweg, second, (view) => view.quit === true)).format).toBe("d");
});

test("a page that is hidden sends what it has, and says so", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "short/hls-ts/index.m3u8", { beacon: true });
  await viewer.play();
  await viewer.reach(1);
  const { sid } = await viewer.stats();
  // Playwright keeps every page visible: only the browser's word for it is replaced here.
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const hidden = () => thalweg.view(sid).then((view) => JSON.stringify(view)).catch(() => "");
  await expect.poll(hidden, { timeout: 5_000 }).toMatch(/bg/);
  const view = await stored(thalweg, sid, (view) => view.started_playing === true);
  expect(view.state).toBe("p");
});

test("a fatal error is the view's end", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, undefined, { beacon: true });
  await viewer.load(thalweg.media("missing.m3u8"));
  const sid = await page.evaluate(() => window.player.stats().sid);
  const view = await stored(thalweg, sid, (view) => view.state === "f");
  expect(view.errors).toEqual(["network.status"]);
  expect(view.start_failed).toBe(true);
});
