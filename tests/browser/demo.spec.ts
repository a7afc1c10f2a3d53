// The test page, as a developer uses it: load a URL, read what is wrong, choose a quality, shape the network, by mouse and by keys alone.

import type { Page } from "@playwright/test";
import type { ThalwegVideo } from "../../pkg/thalweg";
import { serve, type Server } from "./servers.ts";
import { expect, type Fault, test, type Thalweg } from "./thalweg.ts";

let site: Server;
test.beforeAll(async () => {
  site = await serve("target/site");
});
test.afterAll(async () => {
  await site.stop();
});

/** The page's address with the test's origin and collector, and perhaps a stream. */
function address(thalweg: Thalweg, src?: string): string {
  const url = new URL(site.url);
  url.searchParams.set("origin", thalweg.media(""));
  url.searchParams.set("collector", new URL("..", thalweg.beacons).href);
  if (src !== undefined) url.searchParams.set("src", src);
  return url.href;
}

/** Opens the page and keeps what a developer would find in its console; violations of its policy stand there too. */
async function open(page: Page, url: string): Promise<string[]> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(url);
  return problems;
}

const position = (page: Page) => page.locator("thalweg-video").evaluate((video) => (video as HTMLVideoElement).currentTime);
const height = (page: Page) => page.locator("thalweg-video").evaluate((video) => (video as HTMLVideoElement).videoHeight);
const card = (page: Page, name: string) => page.locator(`[data-card="${name}"] .value`);
/** A card's bit rate in Mb/s. */
const rate = async (page: Page, name: string) => {
  const text = await card(page, name).innerText();
  return Number.parseFloat(text) / (text.endsWith("kb/s") ? 1000 : 1);
};

/** How many of a chart's pixels have the colour of a CSS variable: #rrggbb or #rrggbbaa. */
function coloured(page: Page, chart: string, variable: string): Promise<number> {
  return page.locator(`${chart} canvas`).evaluate((element, name) => {
    const canvas = element as HTMLCanvasElement;
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const wanted = [1, 3, 5, 7].map((at) => Number.parseInt(hex.slice(at, at + 2) || "ff", 16));
    const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let i = 0; i + 3 < pixels.length; i += 4) {
      // Edges are blended with what is behind them.
      if (wanted.every((value, channel) => Math.abs(value - (pixels[i + channel] ?? 0)) < 24)) count++;
    }
    return count;
  }, variable);
}

async function plays(page: Page): Promise<void> {
  await expect(page.locator("thalweg-video")).toBeAttached();
  await expect.poll(() => position(page), { timeout: 20_000 }).toBeGreaterThan(1);
}

test("the URL box loads a stream, and the page's address then reproduces it", async ({ page, thalweg }) => {
  const problems = await open(page, address(thalweg));
  const stream = thalweg.media("hls-ts/index.m3u8");
  await page.getByLabel("Stream URL").fill(stream);
  await page.getByRole("button", { name: "Load" }).click();
  await plays(page);

  await expect(card(page, "State")).toHaveText("playing");
  await expect(card(page, "Resolution")).toHaveText(/^\d+×\d+$/);
  await expect(card(page, "Start-up")).toHaveText(/^\d+ ms$/);
  await expect(card(page, "Latency")).toHaveText("—");
  await expect(page.locator('#log [data-kind="decisions"]').first()).toBeVisible();
  await expect(page.locator('#log [data-kind="requests"]').first()).toBeVisible();
  expect(new URL(page.url()).searchParams.get("src")).toBe(stream);

  await page.reload();
  await plays(page);
  expect(problems).toEqual([]);
});

test("the origin's samples are buttons, and each plays", async ({ page, thalweg }) => {
  const ladder = (await (await fetch(thalweg.media("ladder.json"))).json()) as { streams: { title: string; url: string }[] };
  expect(ladder.streams.length).toBeGreaterThan(0);
  const problems = await open(page, address(thalweg));
  for (const stream of ladder.streams) {
    const sample = page.locator("#samples").getByRole("button", { name: stream.title, exact: true });
    await sample.click();
    await expect(sample).toHaveAttribute("aria-pressed", "true");
    await expect(page.getByLabel("Stream URL")).toHaveValue(thalweg.media(stream.url));
    await expect(card(page, "State")).toHaveText("playing", { timeout: 20_000 });
    await plays(page);
  }
  expect(problems).toEqual([]);
});

test("a URL that is not there is an error in words, which can be dismissed", async ({ page, thalweg }) => {
  const missing = thalweg.media("missing/index.m3u8");
  await open(page, address(thalweg, missing));
  const notice = page.getByRole("alert").locator(".notice");
  await expect(notice).toHaveCount(1, { timeout: 30_000 });
  await expect(notice).toContainText("network.");
  await expect(notice).toContainText("404");
  await expect(notice).toContainText(missing);
  await expect(page.locator('#log [data-kind="errors"]').first()).toContainText(missing);
  await notice.getByRole("button", { name: /Dismiss/ }).click();
  await expect(notice).toHaveCount(0);

  await page.getByLabel("Stream URL").fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Load" }).click();
  await expect(notice).toContainText("not an http or https URL");
});

test("what is no stream is an error in words: a page of HTML, noise, a host that does not answer, the wrong format", async ({ page, thalweg }) => {
  const stream = thalweg.media("dash-timeline/manifest.mpd");
  const cases: { url: string; fault?: Fault; format?: string; code: string }[] = [
    { url: stream, fault: { path: "manifest.mpd", body: "<!doctype html><title>Not here</title>", type: "text/html" }, code: "manifest.not_a_manifest" },
    { url: stream, fault: { path: "manifest.mpd", garbage: true }, code: "manifest.not_a_manifest" },
    { url: stream, format: "hls", code: "manifest.not_a_manifest" },
    { url: "http://127.0.0.1:1/index.m3u8", code: "network.failed" },
  ];
  await open(page, address(thalweg));
  for (const { url, fault, format, code } of cases) {
    await thalweg.faults(fault ? [fault] : []);
    await page.getByLabel("Stream URL").fill(url);
    await page.locator("#format").selectOption(format ?? "");
    await page.getByRole("button", { name: "Load" }).click();
    const notice = page.getByRole("alert").locator(".notice.fatal");
    await expect(notice, url).toContainText(code, { timeout: 30_000 });
    await expect(notice).toContainText(url);
    await expect(card(page, "State")).toHaveText("fatal");
  }
  // And after all that, a stream plays in the same player.
  await page.locator("#format").selectOption("dash");
  await page.getByLabel("Stream URL").fill(stream);
  await page.getByRole("button", { name: "Load" }).click();
  await plays(page);
  await expect(page.locator(".notice")).toHaveCount(0);
});

test("the quality menus change the height", async ({ page, thalweg }) => {
  const problems = await open(page, address(thalweg, thalweg.media("hls-fmp4/index.m3u8")));
  await plays(page);
  const quality = page.locator("#quality");
  const names = await quality.locator("option").allTextContents();
  const heights = names.slice(1).map((name) => Number.parseInt(name, 10));
  expect(heights.length).toBeGreaterThan(1);
  for (const wanted of [Math.min(...heights), Math.max(...heights)]) {
    await quality.selectOption({ index: heights.indexOf(wanted) + 1 });
    await expect.poll(() => height(page), { timeout: 60_000 }).toBe(wanted);
    await expect(card(page, "Resolution")).toContainText(`×${wanted}`);
  }

  // The menu in the player is the same choice.
  const choose = async (name: string | RegExp) => {
    await page.locator("media-rendition-menu-button").click();
    await page.locator("media-rendition-menu").getByRole("menuitemradio", { name }).click();
  };
  const middle = heights[1] ?? 0;
  await choose(`${middle}p`);
  await expect.poll(() => height(page), { timeout: 60_000 }).toBe(middle);
  await expect(quality.locator("option:checked")).toContainText(`${middle}p`);
  await choose(/Auto/);
  await expect(quality).toHaveValue("auto");
  expect(problems).toEqual([]);
});

test("a network preset reaches the origin", async ({ page, thalweg }) => {
  await open(page, address(thalweg));
  const net = async () => (await (await fetch(thalweg.media(".thalweg/net"))).json()) as { kbps: number | null; latency_ms: number | null };
  await expect(page.locator("#network-status")).toHaveText("unlimited");
  await page.locator("#network-rates").getByRole("button", { name: "1 Mb/s", exact: true }).click();
  await expect(page.locator("#network-status")).toHaveText("1.00 Mb/s");
  expect(await net()).toMatchObject({ kbps: 1000 });
  await page.locator("#network-latencies").getByRole("button", { name: "80 ms" }).click();
  await expect.poll(net).toMatchObject({ kbps: 1000, latency_ms: 80 });

  await page.locator("#network-trace").setInputFiles({
    name: "trace.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("duration_ms,bandwidth_kbps,latency_ms\n60000,4000,20\n"),
  });
  await expect(page.locator("#network-status")).toContainText("trace");
  await page.locator("#network-rates").getByRole("button", { name: "unlimited" }).click();
  await expect.poll(net).toMatchObject({ kbps: null });
});

test("shaping shows: the network gets slow, playback stalls, and goes on", async ({ page, thalweg }) => {
  await thalweg.net(1500);
  const problems = await open(page, address(thalweg, thalweg.media("hls-fmp4/index.m3u8")));
  await plays(page);
  await page.locator("#network-kbps").fill("50");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(card(page, "State")).toHaveText("rebuffering", { timeout: 40_000 });
  await expect(card(page, "Stalls")).not.toHaveText("0");
  await expect(page.locator("#log")).toContainText("begins");
  expect(await position(page)).toBeGreaterThan(1);

  await page.locator("#network-rates").getByRole("button", { name: "6 Mb/s", exact: true }).click();
  await expect(card(page, "State")).toHaveText("playing", { timeout: 20_000 });
  await expect(page.locator("#log")).toContainText("over after");
  // What is measured follows the network, and the quality what is measured.
  await expect.poll(() => rate(page, "Throughput"), { timeout: 20_000 }).toBeGreaterThan(4);
  expect(await rate(page, "Throughput")).toBeLessThan(9);
  await expect.poll(() => height(page), { timeout: 40_000 }).toBeGreaterThan(360);
  for (const chart of ["#chart-buffer", "#chart-rates"]) expect(await coloured(page, chart, "--series-stall")).toBeGreaterThan(100);
  expect(problems).toEqual([]);
});

test("what was sent to the collector is shown as it was sent", async ({ page, thalweg }) => {
  await open(page, address(thalweg, thalweg.media("dash-timeline/manifest.mpd")));
  await plays(page);
  await page.locator("thalweg-video").evaluate((video) => (video as HTMLVideoElement).pause());
  await expect(page.locator("#beacons li").first()).toBeVisible({ timeout: 40_000 });
  await expect(page.locator("#beacons li").first()).toContainText("sid=");
  await expect(page.locator("#beacons article").first()).toContainText("204");
  const view = await page.getByRole("link", { name: "This view as JSON" }).getAttribute("href");
  expect(view).not.toBeNull();
  const stored = (await (await fetch(view ?? "")).json()) as { view: { sid: string; cid: string }; events: unknown[] };
  const sid = await page.locator("thalweg-video").evaluate((video) => (video as ThalwegVideo).player.stats().sid);
  expect(stored.view).toMatchObject({ sid, cid: "/dash-timeline/manifest.mpd" });
  expect(stored.events).toHaveLength(await page.locator("#beacons li").count());

  // Another stream is another view, of other content.
  await page.locator("#samples").getByRole("button").first().click();
  await expect(page.locator("#beacons li").first()).toContainText('cid="/hls-ts/index.m3u8"', { timeout: 40_000 });
});

test("the charts draw what the player reports, and the log is filtered and copied", async ({ page, context, thalweg }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const problems = await open(page, address(thalweg, thalweg.media("hls-ts/index.m3u8")));
  await plays(page);
  await page.waitForTimeout(3000);
  for (const [chart, colour] of [["#chart-buffer", "--series-buffer"], ["#chart-rates", "--series-shown"]] as const) {
    expect(await coloured(page, chart, colour), `${chart} has pixels of ${colour}`).toBeGreaterThan(10);
  }

  const requests = page.locator('#log [data-kind="requests"]').first();
  await page.getByRole("button", { name: "requests" }).click();
  await expect(requests).toBeHidden();
  await page.getByRole("button", { name: "requests" }).click();
  await expect(requests).toBeVisible();

  await page.getByRole("button", { name: "Copy as JSON" }).click();
  await expect(page.locator("#log-copy")).toHaveText("Copied");
  const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { decisions: unknown[]; log: { kind: string }[] };
  expect(report.decisions.length).toBeGreaterThan(0);
  expect(report.log.some((entry) => entry.kind === "requests")).toBe(true);
  expect(problems).toEqual([]);
});

test("the time range shows thumbnails of the sample streams", async ({ page, thalweg }) => {
  const problems = await open(page, address(thalweg, thalweg.media("hls-fmp4/index.m3u8")));
  await plays(page);
  const range = page.locator("media-time-range");
  await range.hover();
  await expect(range).toHaveAttribute("mediapreviewimage", /thumbnail_\d+\.jpg/);
  expect(problems).toEqual([]);
});

test("keys alone are enough", async ({ page, thalweg }) => {
  const problems = await open(page, address(thalweg));
  const focusOn = async (id: string) => {
    for (let presses = 0; presses < 80; presses++) {
      if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`#${id} is not reached by Tab`);
  };
  const video = page.locator("thalweg-video");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type(thalweg.media("hls-ts/index.m3u8"));
  await page.keyboard.press("Enter");
  await plays(page);

  await focusOn("controller");
  await page.keyboard.press("Space");
  await expect(video).toHaveJSProperty("paused", true);
  const before = await position(page);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => position(page)).toBeGreaterThan(before + 5);
  await page.keyboard.press("m");
  await expect(page.locator("#mute")).toHaveAttribute("aria-pressed", "true");
  await focusOn("quality");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("#quality")).not.toHaveValue("auto");
  await focusOn("rate");
  await page.keyboard.press("ArrowDown");
  await expect(video).toHaveJSProperty("playbackRate", 1.25);
  for (const id of ["fullscreen", "window", "log-copy", "network-kbps", "network-trace"]) await focusOn(id);
  expect(problems).toEqual([]);
});

test("the page fits a narrow screen, and works without origin and collector", async ({ page, thalweg }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const problems = await open(page, `${site.url}?src=${encodeURIComponent(thalweg.media("hls-ts/index.m3u8"))}`);
  await plays(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await expect(page.locator("#network")).toBeHidden();
  await expect(page.locator("#collector-links")).toContainText("Nothing is sent");
  expect(problems).toEqual([]);
});
