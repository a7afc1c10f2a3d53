// <thalweg-video> in markup and in use: what <video> has works, its renditions can be chosen, it can be moved and removed.

import type { Page } from "@playwright/test";
import type { ThalwegVideo } from "../../pkg/thalweg";
import { expect, test } from "./thalweg.ts";

type Element = ThalwegVideo & HTMLVideoElement;

async function open(page: Page, url: string): Promise<string[]> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(url);
  await page.waitForFunction(() => customElements.get("thalweg-video") !== undefined);
  return problems;
}

test("attributes, methods, properties and events are those of <video>", async ({ page, thalweg }) => {
  const problems = await open(page, thalweg.page("element.html"));
  const element = page.locator("#video");
  const got = await element.evaluate(async (node, src) => {
    const video = node as Element;
    const heard: string[] = [];
    for (const name of ["loadedmetadata", "play", "playing", "timeupdate", "volumechange", "ratechange", "seeking", "seeked", "pause"]) {
      video.addEventListener(name, () => heard.push(name), { once: true });
    }
    video.src = src;
    await video.play();
    await new Promise((resolve) => video.addEventListener("timeupdate", () => video.currentTime > 0.5 && resolve(null)));
    const playing = { paused: video.paused, width: video.videoWidth > 0, ready: video.readyState, duration: Math.round(video.duration) };
    video.muted = false;
    video.volume = 0.5;
    video.playbackRate = 1.5;
    video.currentTime = 10;
    await new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { heard, playing, src: video.src, volume: video.volume, muted: video.muted, rate: video.playbackRate, at: Math.round(video.currentTime), paused: video.paused };
  }, thalweg.media("short/hls-fmp4/index.m3u8"));
  expect(new Set(got.heard)).toEqual(
    new Set(["loadedmetadata", "play", "playing", "timeupdate", "volumechange", "ratechange", "seeking", "seeked", "pause"]),
  );
  expect(got.playing).toEqual({ paused: false, width: true, ready: expect.any(Number), duration: 14 });
  expect(got).toMatchObject({ src: thalweg.media("short/hls-fmp4/index.m3u8"), volume: 0.5, muted: false, rate: 1.5, at: 10, paused: true });
  expect(problems).toEqual([]);
});

test("from markup alone: autoplay, muted, controls, beacon, mse, format", async ({ page, thalweg }) => {
  const problems = await open(page, thalweg.page("element.html"));
  const src = thalweg.media("short/dash-ondemand/manifest.mpd");
  await page.locator("body").evaluate(
    (body, [src, beacon]) => {
      body.innerHTML = `<thalweg-video id="markup" src="${src}" beacon="${beacon}" content-id="markup" mse="page" format="dash"
        autoplay muted controls playsinline loop></thalweg-video>`;
    },
    [src, thalweg.beacons],
  );
  await page.waitForFunction(() => (document.getElementById("markup") as Element).currentTime > 1);
  const state = await page.locator("#markup").evaluate((node) => {
    const video = node as Element;
    return {
      muted: video.muted,
      controls: video.controls,
      loop: video.loop,
      native: video.nativeEl.controls,
      mse: video.player.stats().mse,
      format: video.player.stats().format,
      heights: [...video.videoRenditions].map(({ height }) => height),
    };
  });
  expect(state).toEqual({ muted: true, controls: true, loop: true, native: true, mse: "page", format: "dash", heights: [360, 480, 720, 1080] });
  await expect.poll(async () => (await thalweg.views()).some((view) => view.cid === "markup")).toBe(true);
  expect(problems).toEqual([]);
});

test("a rendition chosen in its list is shown", async ({ page, thalweg }) => {
  await open(page, thalweg.page("element.html"));
  await page.locator("#video").evaluate((node, src) => {
    const video = node as Element;
    video.src = src;
    return video.play();
  }, thalweg.media("hls-fmp4/index.m3u8"));
  await page.waitForFunction(() => (document.getElementById("video") as Element).videoRenditions.length === 4);
  const choose = (height: number) =>
    page.locator("#video").evaluate((node, height) => {
      const { videoRenditions } = node as Element;
      videoRenditions.selectedIndex = [...videoRenditions].findIndex((rendition) => rendition.height === height);
    }, height);
  for (const height of [480, 720]) {
    await choose(height);
    await expect.poll(() => page.locator("#video").evaluate((node) => (node as Element).videoHeight), { timeout: 20_000 }).toBe(height);
  }
});

test("moved in the page it plays on or again; removed it leaves nothing behind", async ({ page, thalweg }) => {
  const problems = await open(page, thalweg.page("element.html"));
  await page.locator("#video").evaluate((node, src) => {
    const video = node as Element;
    video.src = src;
    return video.play();
  }, thalweg.media("short/hls-ts/index.m3u8"));
  await page.waitForFunction(() => (document.getElementById("video") as Element).currentTime > 0.5);
  await page.evaluate(() => {
    const section = document.body.appendChild(document.createElement("section"));
    section.append(document.getElementById("video") as Element);
  });
  await page.locator("#video").evaluate((node) => (node as Element).play());
  await page.waitForFunction(() => (document.getElementById("video") as Element).currentTime > 1);
  expect(page.workers()).toHaveLength(1);

  await page.evaluate(() => document.getElementById("video")?.remove());
  await expect.poll(() => page.workers().length).toBe(0);
  expect(problems).toEqual([]);
});
