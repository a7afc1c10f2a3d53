// The pages of examples/embed play, and say nothing bad in the console.

import type { Page } from "@playwright/test";
import { expect, test, type Thalweg } from "./thalweg.ts";

/** Opens an example with a stream of the origin; gives what its console complained of. */
async function open(page: Page, thalweg: Thalweg, example: string, stream: string): Promise<string[]> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  const url = new URL(thalweg.page(`examples/embed/${example}`));
  url.searchParams.set("src", thalweg.media(stream));
  await page.goto(url.href);
  return problems;
}

test("plain.html: a script tag and an element", async ({ page, thalweg }) => {
  const natively: string[] = [];
  page.on("request", (request) => request.resourceType() === "media" && natively.push(request.url()));
  const problems = await open(page, thalweg, "plain.html", "hls-ts/index.m3u8");
  const video = page.locator("#video");
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime), { timeout: 20_000 }).toBeGreaterThan(1);
  expect(await video.evaluate((v: HTMLVideoElement) => v.videoHeight)).toBeGreaterThan(0);
  await expect(page.locator("#status")).toBeEmpty();
  // Chromium plays HLS itself: the <video> inside the element must not load the manifest beside the player.
  expect(natively).toEqual([]);
  expect(problems).toEqual([]);
});

test("esm.html: Player with a <video>, and its quality menu", async ({ page, thalweg }) => {
  const problems = await open(page, thalweg, "esm.html", "dash-timeline/manifest.mpd");
  const video = page.locator("#video");
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime), { timeout: 20_000 }).toBeGreaterThan(1);
  await expect(page.locator("#decision")).toHaveText(/^\d+p \([a-z_]+\): ./);
  await expect(page.locator("#shown")).toHaveText(/^\d+x\d+, \d+ kb\/s, \d/);
  const quality = page.locator("#quality");
  await expect(quality.locator("option")).toHaveText([/^auto$/, /^360p/, /^480p/, /^720p/, /^1080p/]);
  await quality.selectOption({ index: 2 });
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.videoHeight), { timeout: 30_000 }).toBe(480);
  await expect(page.locator("#decision")).toHaveText(/^480p \(manual\)/);
  await expect(page.locator("#error")).toBeEmpty();
  expect(problems).toEqual([]);
});
