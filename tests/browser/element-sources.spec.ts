// <thalweg-video> is a <video> to whoever uses it: when sources come late, change, fail or go.

import type { Page } from "@playwright/test";
import type { ThalwegVideo } from "../../pkg/thalweg";
import { expect, test } from "./thalweg.ts";

/** Opens a page with an element `video` in it, that is muted and has no source. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => customElements.get("thalweg-video") !== undefined);
}

declare global {
  interface Window {
    element: ThalwegVideo;
  }
}

test.beforeEach(async ({ page, thalweg }) => {
  await open(page, thalweg.page("element.html"));
  await page.evaluate(() => (window.element = document.querySelector("thalweg-video") as ThalwegVideo));
});

test("play() is kept when called before there is a source, or before it is loaded", async ({ page, thalweg }) => {
  const played = page.evaluate(async () => {
    const { element } = window;
    const promise = element.play();
    const asked = element.paused;
    await promise;
    return { asked, paused: element.paused, ready: element.readyState };
  });
  await page.evaluate((src) => (window.element.src = src), thalweg.media("hls-ts/index.m3u8"));
  expect(await played).toEqual({ asked: false, paused: false, ready: 4 });
});

test("play() is rejected and `error` fired when nothing can be played, and another source mends it", async ({ page, thalweg }) => {
  const failed = await page.evaluate(async (src) => {
    const { element } = window;
    let errors = 0;
    element.addEventListener("error", () => errors++);
    element.src = src;
    const rejected = await element.play().then(() => null, (error: DOMException) => error.name);
    return { rejected, errors, error: { ...element.error } };
  }, thalweg.media("missing.m3u8"));
  expect(failed).toMatchObject({ rejected: "AbortError", errors: 1, error: { code: 2 } });
  const mended = await page.evaluate(async (src) => {
    window.element.src = src;
    await window.element.play();
    return window.element.error;
  }, thalweg.media("hls-ts/index.m3u8"));
  expect(mended).toBeNull();
});

test("`src` and load() together ask for the manifest once, and the inner <video> never does", async ({ page, thalweg }) => {
  const inner = await page.evaluate(async (src) => {
    document.body.innerHTML = `<thalweg-video muted controls src="${src}"></thalweg-video>`;
    const element = document.querySelector("thalweg-video") as ThalwegVideo;
    element.load();
    await element.play();
    return element.nativeEl.getAttribute("src");
  }, thalweg.media("hls-fmp4/index.m3u8"));
  expect(inner).toBeNull();
  const manifests = (await thalweg.requests()).filter(({ path }) => path === "/hls-fmp4/index.m3u8");
  expect(manifests).toHaveLength(1);
});

test("another `src` is another view, with the attributes that stand beside it", async ({ page, thalweg }) => {
  const sources = ["hls-ts/index.m3u8", "dash-timeline/manifest.mpd"].map((path) => thalweg.media(path));
  const formats = await page.evaluate(
    async ([sources, beacon]) => {
      const { element } = window;
      element.setAttribute("beacon", beacon);
      const formats: unknown[] = [];
      for (const [at, src] of sources.entries()) {
        element.src = src;
        element.setAttribute("content-id", `content ${at}`);
        await element.play();
        await new Promise((resolve) => element.player.on("stats", ({ position }) => position > 0 && resolve(null)));
        formats.push(element.player.stats().format);
      }
      return formats;
    },
    [sources, thalweg.beacons] as const,
  );
  expect(formats).toEqual(["hls", "dash"]);
  await expect.poll(async () => (await thalweg.views()).map(({ cid }) => cid)).toEqual(expect.arrayContaining(["content 0", "content 1"]));
});

test("it plays on when it is moved, and frees the worker when it is removed", async ({ page, thalweg }) => {
  await page.evaluate(async (src) => {
    window.element.src = src;
    await window.element.play();
    document.body.append(document.createElement("div"));
    document.querySelector("div")?.append(window.element);
  }, thalweg.media("hls-ts/index.m3u8"));
  const position = () => page.evaluate(() => window.element.currentTime);
  const before = await position();
  await expect.poll(position).toBeGreaterThan(before + 0.5);
  expect(page.workers()).toHaveLength(1);

  await page.evaluate(() => window.element.remove());
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await page.evaluate(() => [window.element.readyState, window.element.paused])).toEqual([0, true]);

  await page.evaluate(async () => {
    document.body.append(window.element);
    await window.element.play();
  });
  expect(page.workers()).toHaveLength(1);
});

test("without `src` it ends, and its renditions go", async ({ page, thalweg }) => {
  const renditions = () => page.evaluate(() => [...window.element.videoRenditions].map(({ height }) => height));
  await page.evaluate(async (src) => {
    window.element.src = src;
    await window.element.play();
  }, thalweg.media("hls-ts/index.m3u8"));
  expect(await renditions()).toEqual([360, 480, 720, 1080]);

  const selected = await page.evaluate(async () => {
    const { element } = window;
    const selected: string[] = [];
    for (const index of [1, -1]) {
      element.videoRenditions.selectedIndex = index;
      await new Promise((resolve) => setTimeout(resolve));
      selected.push(element.player.selected);
    }
    return [selected, element.videoRenditions[1]?.id];
  });
  expect(selected[0]).toEqual([selected[1], "auto"]);

  await page.evaluate(() => window.element.removeAttribute("src"));
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await renditions()).toEqual([]);
});

test("`loop` begins again", async ({ page, thalweg }) => {
  await page.evaluate(async (src) => {
    const { element } = window;
    element.loop = true;
    element.src = src;
    await element.play();
    element.currentTime = 13;
  }, thalweg.media("short/hls-fmp4/index.m3u8"));
  await expect.poll(() => page.evaluate(() => window.element.currentTime)).toBeGreaterThan(13);
  await expect.poll(() => page.evaluate(() => window.element.currentTime), { timeout: 10_000 }).toBeLessThan(5);
  expect(await page.evaluate(() => window.element.paused)).toBe(false);
});
