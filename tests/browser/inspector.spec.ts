// The test page's inspector: what is in a stream's manifests, at which line something is wrong, what a live one changes, and what the
// parsers of others read.

import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { serve, type Server } from "./servers.ts";
import { expect, test, type Thalweg } from "./thalweg.ts";

let site: Server;
test.beforeAll(async () => {
  site = await serve("target/site");
});
test.afterAll(async () => {
  await site.stop();
});

/** Opens the page with the inspector on a URL, without playing it, and keeps what a developer would find in the console. */
async function inspect(page: Page, url: string): Promise<string[]> {
  const problems = watch(page);
  await page.goto(`${site.url}?inspect=${encodeURIComponent(url)}`);
  return problems;
}

function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return problems;
}

/** Has the origin answer for `hls-ts/index.m3u8` with another text. */
async function answer(thalweg: Thalweg, lines: string[]): Promise<string> {
  await thalweg.faults([{ path: "hls-ts/index.m3u8", body: `${lines.join("\n")}\n`, type: "application/vnd.apple.mpegurl" }]);
  return thalweg.media("hls-ts/index.m3u8");
}

const model = (page: Page) => page.locator("#inspector-model");
const fact = (page: Page, name: string) => model(page).locator(".facts div", { has: page.locator(`dt:text-is("${name}")`) }).first().locator("dd");
const rows = (page: Page, table: string) => model(page).getByRole("region", { name: table, exact: true }).locator("tbody tr");

const MEDIA = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1"];
const segments = (first: number, count: number) => Array.from({ length: count }, (_, i) => ["#EXTINF:1,", `s${first + i}.ts`]).flat();

test("beside the playing stream: the variants of its multivariant playlist, and a media playlist of them", async ({ page, thalweg }) => {
  const url = thalweg.media("hls-fmp4/index.m3u8");
  const text = await (await fetch(url)).text();
  const problems = watch(page);
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto(`${site.url}?src=${encodeURIComponent(url)}`);
  await expect(page.locator('[data-card="State"] .value')).toHaveText("playing", { timeout: 20_000 });
  // Its module is not for those who only watch.
  expect(loaded.filter((path) => path.includes("inspector_bg") || path.endsWith("/inspector.js"))).toEqual([]);

  await page.getByRole("button", { name: "Inspect", exact: true }).click();
  await expect(fact(page, "kind")).toHaveText("multivariant playlist");
  const variants = text.split("\n").filter((line) => line.startsWith("#EXT-X-STREAM-INF"));
  expect(variants.length).toBeGreaterThan(1);
  await expect(rows(page, "Variants")).toHaveCount(variants.length);
  for (const [i, line] of variants.entries()) {
    const size = /RESOLUTION=(\d+)x(\d+)/.exec(line);
    const codecs = /CODECS="([^"]+)"/.exec(line);
    await expect(rows(page, "Variants").nth(i)).toContainText(`${size?.[1]}×${size?.[2]}`);
    await expect(rows(page, "Variants").nth(i)).toContainText(codecs?.[1] ?? "CODECS");
  }
  const audio = text.split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA:TYPE=AUDIO"));
  if (audio.length > 0) await expect(rows(page, "Renditions").filter({ hasText: "AUDIO" })).toHaveCount(audio.length);
  await expect(page.locator('.line[data-line="1"] .code')).toHaveText("#EXTM3U");

  // The media playlist, and back.
  const media = await rows(page, "Variants").first().getByRole("button").getAttribute("title");
  const playlist = (await (await fetch(media?.replace("Inspect ", "") ?? "")).text()).split("\n");
  await rows(page, "Variants").first().getByRole("button").click();
  await expect(fact(page, "kind")).toContainText("media playlist");
  const count = playlist.filter((line) => line.startsWith("#EXTINF")).length;
  await expect(model(page).getByRole("button", { name: `${count} segments` })).toBeVisible();
  await expect(model(page).locator(".segments .row").first()).toContainText(playlist.find((line) => /^[^#]/.test(line)) ?? "");
  await page.locator(".crumbs button").click();
  await expect(rows(page, "Variants")).toHaveCount(variants.length);
  await expect(page.locator('[data-card="State"] .value')).toHaveText("playing");
  expect(problems).toEqual([]);
});

test("an MPD's periods, sets and representations, and the segments of one", async ({ page, thalweg }) => {
  const url = thalweg.media("dash-timeline/manifest.mpd");
  const text = await (await fetch(url)).text();
  const problems = await inspect(page, url);
  await expect(fact(page, "kind")).toHaveText("MPD, static");
  await expect(page.locator("thalweg-video")).toHaveCount(0);
  await expect(model(page).locator(".set")).toHaveCount(text.match(/<AdaptationSet/g)?.length ?? 0);
  const ids = [...text.matchAll(/<Representation [^>]*?\bid="([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(ids.length).toBeGreaterThan(1);
  for (const id of ids) await expect(model(page).getByRole("button", { name: id, exact: true }).first()).toBeVisible();

  // Another representation's segments in place of the first one's.
  await model(page).locator(".set").first().locator("tbody button").last().click();
  const list = model(page).locator(".set").first().locator(".segments .row");
  await expect(list.first()).toContainText("00:00.000");
  expect(await list.count()).toBeGreaterThan(3);
  await expect(page.locator("#inspector-judge-tab")).toContainText("dash-mpd");
  expect(problems).toEqual([]);
});

test("warnings stand at their lines, with code and words", async ({ page, thalweg }) => {
  const url = await answer(thalweg, [...MEDIA, "#EXTINF:1,", "a.ts", "#EXTINF:nonsense,", "b.ts", "#EXTINF:7,", "c.ts", "#EXT-X-ENDLIST"]);
  const problems = await inspect(page, url);
  const note = (line: number) => page.locator(`.line.note[data-at="${line}"]`);
  await expect(note(6).first()).toContainText("duration_invalid");
  await expect(note(6).first()).toContainText("nonsense");
  await expect(note(8).first()).toContainText("target_duration_exceeded");
  // Below its line, in the text and on the screen.
  const line = await page.locator('.line[data-line="6"]').boundingBox({ timeout: 5000 });
  const below = await note(6).first().boundingBox({ timeout: 5000 });
  expect(below?.y).toBeCloseTo((line?.y ?? 0) + (line?.height ?? 0), 0);
  await expect(page.locator(".notes li").first()).toContainText("line 6");
  expect(problems).toEqual([]);
});

test("an MPD's warning stands at its line", async ({ page, thalweg }) => {
  const set = '<AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="v" bandwidth="1"><SegmentTemplate media="$Number$.m4s" duration="2"/></Representation>';
  const body = [
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S">',
    `<Period id="ü"><!-- two bytes: a line is not a count of them -->${set}</AdaptationSet>`,
    set,
    '<EssentialProperty schemeIdUri="urn:example:none"/></AdaptationSet>',
    "</Period></MPD>",
  ].join("\n");
  await thalweg.faults([{ path: "dash-timeline/manifest.mpd", body, type: "application/dash+xml" }]);
  await inspect(page, thalweg.media("dash-timeline/manifest.mpd"));
  const note = page.locator(".line.note").first();
  await expect(note).toContainText("urn:example:none");
  expect([3, 4]).toContain(Number(await note.getAttribute("data-at")));
  await expect(model(page).locator(".set").nth(1)).toContainText("not used");
});

test("a live playlist is followed: what comes, what goes, what is newly wrong", async ({ page, thalweg }) => {
  const live = (first: number, count: number, more: string[] = []) => answer(thalweg, [...MEDIA, `#EXT-X-MEDIA-SEQUENCE:${first}`, ...segments(first, count), ...more]);
  const problems = await inspect(page, await live(10, 3));
  await expect(fact(page, "kind")).toHaveText("media playlist, live");
  await expect(page.getByLabel("follow")).toBeChecked();
  await page.locator("#inspector-reloads-tab").click();
  const reloads = page.locator("#inspector-reloads .reloads > li");
  await expect(reloads.last()).toContainText("unchanged", { timeout: 10_000 });
  // That it stands still for longer than it may is worth a warning.
  await expect(reloads.first().locator(".warning")).toContainText(/unchanged for \d/, { timeout: 10_000 });

  await live(11, 4, ["#EXTINF:nonsense,", "s15.ts"]);
  const change = reloads.filter({ hasText: "media_sequence 10 → 11" });
  await expect(change).toHaveCount(1, { timeout: 10_000 });
  await expect(change).toContainText("3 segments added: 13–15");
  await expect(change).toContainText("1 segment removed: 10");
  await expect(change.locator(".warning").first()).toContainText("duration_invalid");
  await expect(page.locator('.line.note[data-at="13"]').first()).toContainText("duration_invalid");

  // A cache's older answer.
  await live(10, 3);
  await expect(reloads.filter({ hasText: "older than the last one" }).first()).toBeVisible({ timeout: 10_000 });

  // Held, it is only fetched on demand; ended, it is not followed any more.
  await page.getByLabel("follow").uncheck();
  await live(12, 3, ["#EXT-X-ENDLIST"]);
  const before = await reloads.count();
  await page.waitForTimeout(2500);
  expect(await reloads.count()).toBe(before);
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  await expect(reloads.first()).toContainText("endlist no → yes");
  await expect(page.getByLabel("follow")).toBeHidden();
  expect(problems).toEqual([]);
});

test("a second opinion: the tree that m3u8-rs reads, and where it differs", async ({ page, thalweg }) => {
  const url = await answer(thalweg, [...MEDIA, "#EXTINF:1,A title, with a comma", "a.ts", "#EXTINF:1,", "b.ts", "#EXT-X-ENDLIST"]);
  const problems = await inspect(page, url);
  const tab = page.locator("#inspector-judge-tab");
  await expect(tab).toHaveText(/^m3u8-rs \(\d+\)$/);
  await tab.click();
  const judge = page.locator("#inspector-judge");
  const title = judge.locator(".disagreements tr", { hasText: "segments[0].title" });
  await expect(title).toContainText("A title, with a comma");
  await judge.locator(".disagreements").getByRole("button", { name: "segments[0].duration" }).click();
  const place = judge.locator(".tree .revealed");
  await expect(place).toContainText("duration");
  await expect(place.locator(".mark")).toContainText("ours: 1");
  await expect(judge.locator(".tree")).toContainText("target_duration 1");

  // Where there is nothing to say, it says so; and what one of them refuses is no tree.
  await answer(thalweg, [...MEDIA, ...segments(0, 2), "#EXT-X-ENDLIST"]);
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  await expect(judge).toContainText("read the same");
  await expect(tab).toHaveText("m3u8-rs");
  expect(problems).toEqual([]);
});

test("what cannot be fetched or read is said in words", async ({ page, thalweg }) => {
  // A server that forbids other pages to read it.
  const closed = createServer((_, response) => response.end("#EXTM3U\n")).listen(0, "127.0.0.1");
  await once(closed, "listening");
  const port = (closed.address() as AddressInfo).port;
  const problem = page.locator("#inspector [role=alert]");
  const cases: [string, RegExp][] = [
    [thalweg.media("missing.m3u8"), /404 Not Found/],
    [`http://127.0.0.1:${port}/index.m3u8`, /Access-Control-Allow-Origin/],
    ["http://127.0.0.1:1/index.m3u8", /No answer from 127\.0\.0\.1:1/],
    ["javascript:alert(1)", /not an http or https URL/],
  ];
  for (const [url, words] of cases) {
    await inspect(page, url);
    await expect(problem, url).toContainText(words, { timeout: 15_000 });
    await expect(page.locator(".inspector-body")).toBeHidden();
  }
  closed.close();

  await thalweg.faults([{ path: "index.m3u8", body: "<!doctype html><title>Not here</title>", type: "text/html" }]);
  await inspect(page, thalweg.media("hls-ts/index.m3u8"));
  await expect(model(page)).toContainText("manifest.not_a_manifest");
  await expect(page.locator('.line[data-line="1"]')).toContainText("<!doctype html>");
});

test("a manifest's text is never markup", async ({ page, thalweg }) => {
  const evil = '<img src=x onerror="window.owned=1">';
  const url = await answer(thalweg, [...MEDIA, `#EXT-X-${evil}:1`, `#EXTINF:1,${evil}`, `${evil}.ts`, `#EXTINF:${evil},`, "b.ts", "#EXT-X-ENDLIST"]);
  await inspect(page, url);
  await expect(page.locator(".line.note").first()).toBeVisible();
  for (const tab of ["judge", "json", "reloads", "segment", "model"]) await page.locator(`#inspector-${tab}-tab`).click();
  expect(await page.locator("#inspector img").count()).toBe(0);
  expect(await page.evaluate(() => "owned" in window)).toBe(false);
});

test("a day of segments is scrolled through, and only what is in view is in the document", async ({ page, thalweg }) => {
  const url = await answer(thalweg, [...MEDIA, ...segments(0, 21_600), "#EXT-X-ENDLIST"]);
  const problems = await inspect(page, url);
  await expect(model(page).getByRole("button", { name: "21600 segments" })).toBeVisible({ timeout: 20_000 });
  await expect(model(page).getByRole("button", { name: "1 run" })).toBeVisible();
  const list = model(page).locator(".segments");
  await list.focus();
  await page.keyboard.press("End");
  await expect(list.locator(".row").last()).toContainText("s21599.ts");
  await page.locator(".text-view .rows").focus();
  await page.keyboard.press("End");
  await expect(page.locator('.line[data-line="43204"]')).toHaveText(/#EXT-X-ENDLIST/);
  expect(await page.locator("#inspector *").count()).toBeLessThan(1500);
  // A click on the strip shows the segment there.
  await model(page).locator(".strip").click({ position: { x: 1, y: 5 } });
  await expect(list.locator(".row").first()).toContainText(/s\d{1,2}\.ts/);
  expect(problems).toEqual([]);
});

test("a segment: its tracks and times, packets or boxes, and its bit rate beside what is declared", async ({ page, thalweg }) => {
  const seen = page.locator("#inspector-segment");
  const said = (name: string) => seen.locator(".facts div", { has: page.locator(`dt:text-is("${name}")`) }).first().locator("dd");
  const cell = async (table: string, row: number, column: string) => {
    const place = seen.getByRole("region", { name: table });
    const columns = await place.locator("th").allTextContents();
    return place.locator("tbody tr").nth(row).locator("td").nth(columns.indexOf(column)).innerText();
  };
  const look = async (name: RegExp) => {
    await model(page).locator("button.look", { hasText: name }).first().click();
    await expect(seen.getByRole("region", { name: "Tracks" })).toBeVisible();
  };

  const ts = thalweg.media("hls-ts/index.m3u8");
  const problems = await inspect(page, ts);
  const declared = Number(/BANDWIDTH=(\d+)/.exec(await (await fetch(ts)).text())?.[1]);
  await rows(page, "Variants").first().getByRole("button").click();
  await expect(fact(page, "kind")).toContainText("media playlist");
  const playlist = await (await fetch((await page.locator(".crumbs [aria-current]").getAttribute("title")) ?? "")).text();
  const duration = Number(/#EXTINF:([\d.]+)/.exec(playlist)?.[1]);
  await look(/\.ts/);
  await expect(said("format")).toHaveText("ts");
  expect(Math.abs(Number.parseFloat(await said("duration").innerText()) - duration)).toBeLessThan(0.1);
  await expect(said("declared")).toHaveText(declared >= 1e6 ? `${(declared / 1e6).toFixed(2)} Mb/s` : `${Math.round(declared / 1e3)} kb/s`);
  await expect(said("bit rate")).toContainText(/b\/s/);
  expect(await cell("Tracks", 0, "codec")).toMatch(/^avc1\./);
  expect(await cell("Tracks", 1, "codec")).toBe("mp4a.40.2");
  expect(await cell("Samples", 0, "first PTS")).toMatch(/^\d\d:\d\d\.\d{3}$/);
  expect(Number(await cell("Samples", 0, "samples"))).toBe(Math.round(duration * Number(await cell("Tracks", 0, "frames/s"))));
  await expect(seen.getByRole("region", { name: "Packets" }).locator("tbody tr", { hasText: "PAT" })).toHaveCount(1);

  // Of fMP4 behind its initialization segment; of what cannot be fetched, why.
  await inspect(page, thalweg.media("dash-timeline/manifest.mpd"));
  await look(/\.m4s|\.mp4/);
  await expect(said("format")).toHaveText("mp4");
  expect(await cell("Tracks", 0, "codec")).toMatch(/^avc1\./);
  await expect(seen.locator(".tree summary", { hasText: /^moof @/ }).first()).toBeVisible();
  expect(problems).toEqual([]);
  await page.locator("#inspector-model-tab").click();
  await thalweg.faults([{ path: "dash-timeline/", status: 404 }]);
  await model(page).locator("button.look").nth(1).click();
  await expect(seen.getByRole("alert")).toContainText("404");
});

test("by keys alone, and on a narrow screen", async ({ page, thalweg }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  const problems = watch(page);
  await page.goto(site.url);
  await page.keyboard.press("/");
  await page.keyboard.type(thalweg.media("hls-ts/index.m3u8"));
  await page.locator("#inspect").focus();
  await page.keyboard.press("Enter");
  await expect(fact(page, "kind")).toHaveText("multivariant playlist");
  expect(new URL(page.url()).hash).toBe("#inspector");
  await page.locator("#inspector-model-tab").focus();
  for (const name of ["segment", "reloads", "judge", "json"]) {
    await page.keyboard.press("ArrowRight");
    await expect(page.locator(`#inspector-${name}`)).toBeVisible();
    await expect(page.locator(`#inspector-${name}-tab`)).toBeFocused();
  }
  await page.keyboard.press("ArrowRight");
  await expect(model(page)).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.getByRole("button", { name: "Close the inspector" }).click();
  await expect(page.locator("#inspector")).toBeHidden();
  await expect(page.locator("#inspect")).toBeFocused();
  await page.keyboard.press("i");
  await expect(page.locator("#inspector")).toBeVisible();
  expect(problems).toEqual([]);
});
