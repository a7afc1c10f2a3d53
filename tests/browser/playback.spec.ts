// Each packaging, from its URL to its end: every frame, in order, and it is the right one.

import { expect, test } from "./thalweg.ts";
import { FRAME_RATE, PACKAGINGS, type Seen, Viewer } from "./viewer.ts";

const SECONDS = 14;
const FRAMES = SECONDS * FRAME_RATE;

/** Frames as they came to the screen: all but a few, each the one that its time says, in order. */
function expectAllFrames({ frames }: Seen, most = FRAMES): void {
  const numbers = frames.map(({ time }) => Math.round(time * FRAME_RATE));
  const steps = numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0));
  expect(steps.filter((step) => step <= 0), "times ascend strictly").toEqual([]);
  // The compositor may leave frames out on a busy machine; a hole in the media is longer than that.
  expect(Math.max(...steps), "no hole").toBeLessThan(10);
  expect(numbers[0]).toBeLessThan(10);
  expect(numbers.at(-1)).toBeGreaterThan(FRAMES - 10);
  expect(frames.length).toBeGreaterThan(most * 0.9);
  for (const { time } of frames) expect(Math.abs(time * FRAME_RATE - Math.round(time * FRAME_RATE)), `${time} is a frame's time`).toBeLessThan(0.01);
  // What is drawn is the frame told of, or on a busy machine one that came since.
  const late = frames.map(({ number }, i) => (number ?? -1) - (numbers[i] ?? 0));
  expect(late.filter((frames) => frames < 0 || frames > 3), "each frame is the one that its time says").toEqual([]);
  expect(late.filter((frames) => frames === 0).length).toBeGreaterThan(frames.length * 0.8);
}

const decoded = () => window.video.getVideoPlaybackQuality().totalVideoFrames;

for (const packaging of PACKAGINGS) {
  test(`${packaging} plays to its end, every frame in order`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg, `short/${packaging}`, { numbers: true });
    await viewer.hold(360);
    await viewer.play();
    await viewer.until(() => window.video.ended);
    const seen = await viewer.seen();
    expectAllFrames(seen);
    expect(await page.evaluate(decoded), "every frame was decoded").toBe(FRAMES);
    expect(seen.media.filter(({ name }) => name === "ended")).toHaveLength(1);
    expect(await viewer.position()).toBeCloseTo(SECONDS, 1);
    expect(await page.evaluate(() => window.video.duration)).toBeCloseTo(SECONDS, 1);
    expect(seen.said.error).toEqual([]);
    expect(seen.said.stall).toEqual([]);
    expect((await viewer.stats()).mse).toBe("worker");
    expect(viewer.problems).toEqual([]);
  });
}

for (const packaging of PACKAGINGS) {
  test(`${packaging} plays with the page's Media Source Extensions`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg, `short/${packaging}`, { numbers: true, player: { mse: "page" } });
    await viewer.hold(360);
    await viewer.finish(2);
    const seen = await viewer.seen();
    expectAllFrames(seen, FRAMES / 2);
    expect(await page.evaluate(decoded)).toBe(FRAMES);
    expect(await viewer.position()).toBeCloseTo(SECONDS, 1);
    expect(await page.evaluate(() => window.video.src)).toMatch(/^blob:/);
    expect((await viewer.stats()).mse).toBe("page");
    expect(seen.said.error).toEqual([]);
  });
}
