// What goes wrong on the network and in the media: a typed error, or recovery, and never a frozen page.

import type { Page } from "@playwright/test";
import { expect, type Fault, test, type Thalweg } from "./thalweg.ts";
import { Viewer } from "./viewer.ts";

const MANIFESTS = { hls: "short/hls-fmp4/index.m3u8", dash: "short/dash-timeline/manifest.mpd" };

/** Plays a stream with faults set to its end: what the errors said. */
async function survives(page: Page, thalweg: Thalweg, stream: string, faults: Fault[]) {
  await thalweg.faults(faults);
  const viewer = await Viewer.open(page, thalweg, stream);
  await viewer.finish();
  const { said, longestPause, frames, media } = await viewer.seen();
  expect(longestPause, "the page answers").toBeLessThan(2000);
  expect(await viewer.position()).toBeCloseTo(14, 1);
  expect(said.error.filter(({ severity }) => severity === "fatal")).toEqual([]);
  expect(viewer.problems).toEqual([]);
  return { errors: said.error, first: frames[0]?.time, jumps: media.filter(({ name }) => name === "seeking") };
}

/** Loads and plays a stream with faults set until it fails for good: the error. */
async function fails(page: Page, thalweg: Thalweg, stream: string, faults: Fault[]) {
  await thalweg.faults(faults);
  const viewer = await Viewer.open(page, thalweg, stream);
  await page.evaluate(() => void window.video.play().catch(() => {}));
  await viewer.until(() => window.seen.said.error.some(({ severity }) => severity === "fatal"), 30_000);
  const { said, longestPause } = await viewer.seen();
  expect(longestPause, "the page answers").toBeLessThan(2000);
  const fatal = said.error.filter(({ severity }) => severity === "fatal");
  expect(fatal, "it is told once").toHaveLength(1);
  return fatal[0];
}

for (const [format, manifest] of Object.entries(MANIFESTS)) {
  test(`${format}: a manifest that is not there`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg);
    const url = thalweg.media(manifest.replace("short", "missing"));
    const error = await viewer.load(url);
    expect(error).toMatchObject({ code: "network.status", category: "network", severity: "fatal", context: { url, status: 404 } });
    expect(error?.message).toMatch(/^[A-Z].*\.$/);
    const { said } = await viewer.seen();
    expect(said.error).toHaveLength(1);
    expect(said.error[0]).toMatchObject({ code: "network.status", context: { url, status: 404 } });
    // Another load is a fresh start.
    expect(await viewer.load(thalweg.media(manifest))).toBeNull();
    await viewer.play();
    await viewer.reach(0.5);
  });

  test(`${format}: a page of HTML in place of a manifest`, async ({ page, thalweg }) => {
    await thalweg.faults([{ path: manifest, body: "<!doctype html><title>Please log in</title>", type: "text/html" }]);
    const viewer = await Viewer.open(page, thalweg);
    const url = thalweg.media(manifest);
    expect(await viewer.load(url)).toMatchObject({ code: "manifest.not_a_manifest", category: "manifest", severity: "fatal", context: { url } });
  });

  test(`${format}: a manifest of noise, or cut short`, async ({ page, thalweg }) => {
    const viewer = await Viewer.open(page, thalweg);
    await thalweg.faults([{ path: manifest, truncate: 300, times: 1 }]);
    expect(await viewer.load(thalweg.media(manifest)), "the second try is whole").toBeNull();
    // The browser keeps the manifest for some seconds: another URL.
    await thalweg.faults([{ path: manifest, garbage: true }]);
    expect(await viewer.load(thalweg.media(`${manifest}?again`))).toMatchObject({ category: "manifest", severity: "fatal" });
  });
}

test("a server that is not there", async ({ page, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg);
  const url = "http://127.0.0.1:9/index.m3u8";
  expect(await viewer.load(url)).toMatchObject({ code: "network.failed", severity: "fatal", context: { url } });
});

test("a server that is busy for two requests", async ({ page, thalweg }) => {
  const { errors } = await survives(page, thalweg, MANIFESTS.dash, [
    { path: "manifest.mpd", times: 2, status: 503 },
    { path: "360p_0.m4s", times: 1, status: 503 },
  ]);
  expect(errors.length).toBeGreaterThanOrEqual(2);
  for (const error of errors) {
    expect(error).toMatchObject({ code: "network.status", severity: "recovered", context: { status: 503 } });
  }
});

const LOST: [what: string, stream: string, fault: Fault, codes: RegExp][] = [
  ["a TS segment that is not there", "short/hls-ts/index.m3u8", { path: "index_360p_00000.ts", status: 404 }, /^network\.status$/],
  ["an fMP4 segment that is not there", MANIFESTS.hls, { path: "360p_00001.m4s", status: 404 }, /^network\.status$/],
  ["a media file that is not there", "short/dash-ondemand/manifest.mpd", { path: "360p.mp4", status: 404 }, /^network\.status$/],
  ["an initialization segment that is not there", MANIFESTS.dash, { path: "360p_init.mp4", status: 404 }, /^network\.status$/],
  ["a media playlist that is not there", MANIFESTS.hls, { path: "index_360p.m3u8", status: 404 }, /^network\.status$/],
  ["a TS segment cut short", "short/hls-ts/index.m3u8", { path: "index_360p_00000.ts", truncate: 60_000 }, /^(network|media)\./],
  ["an fMP4 segment cut short", MANIFESTS.hls, { path: "360p_00001.m4s", truncate: 60_000 }, /^(network|media)\./],
  ["a TS segment of noise", "short/hls-ts/index.m3u8", { path: "index_360p_00000.ts", garbage: true }, /^media\./],
  ["an fMP4 segment of noise", MANIFESTS.dash, { path: "360p_0.m4s", garbage: true }, /^media\./],
  ["an initialization segment of noise", MANIFESTS.hls, { path: "360p_init.mp4", garbage: true }, /^media\./],
  ["a page of HTML in place of a segment", MANIFESTS.dash, { path: "360p_0.m4s", body: "<html>no</html>", type: "text/html" }, /^media\./],
];
for (const [what, stream, fault, codes] of LOST) {
  test(`${what} in one quality: another one is shown`, async ({ page, thalweg }) => {
    const { errors, first, jumps } = await survives(page, thalweg, stream, [fault]);
    expect(errors.length).toBeGreaterThan(0);
    for (const { code, severity, context } of errors) {
      expect(code).toMatch(codes);
      expect(severity).toBe("recovered");
      expect(context.url).toContain(fault.path);
    }
    expect(first, "it begins at the beginning").toBeLessThan(0.2);
    expect(jumps, "nothing is skipped").toEqual([]);
  });
}

test("a segment that is lost in every quality is skipped", async ({ page, thalweg }) => {
  const { errors, jumps } = await survives(page, thalweg, "short/hls-ts/index.m3u8", [{ path: "p_00001.ts", garbage: true }]);
  expect(errors.some(({ severity }) => severity === "degraded")).toBe(true);
  // The segment is from 7 to 13 s.
  expect(jumps).toHaveLength(1);
  expect(jumps[0]?.position).toBeCloseTo(13, 1);
});

test("a segment that stops to arrive", async ({ page, thalweg }) => {
  await thalweg.faults([
    { path: "360p_00001.m4s", stall_after: 30_000, times: 1 },
    { path: "aac-64_00001.m4s", stall_after: 9_000, times: 1 },
  ]);
  const viewer = await Viewer.open(page, thalweg, MANIFESTS.hls);
  await viewer.play();
  await viewer.reach(6);
  const { said, frames, media } = await viewer.seen();
  const late = said.error.filter(({ code }) => code === "network.timeout");
  expect(late.length).toBeGreaterThan(0);
  expect(said.error.filter(({ severity }) => severity !== "recovered")).toEqual([]);
  expect(media.filter(({ name }) => name === "seeking"), "nothing is skipped").toEqual([]);
  const steps = frames.slice(1).map(({ time }, i) => time - (frames[i]?.time ?? 0));
  // Whichever of sound and picture is back first: Chromium lets sound go on alone for three seconds at most.
  expect(Math.max(...steps), "no hole").toBeLessThan(3.2);
});

test("no segment at all, no initialization segment at all", async ({ page, thalweg }) => {
  expect(await fails(page, thalweg, MANIFESTS.dash, [{ path: ".m4s", status: 404 }])).toMatchObject({ code: "network.status", context: { status: 404 } });
  expect(await fails(page, thalweg, MANIFESTS.hls, [{ path: "p_init.mp4", status: 404 }])).toMatchObject({ code: "network.status", context: { status: 404 } });
});

test("all media is noise", async ({ page, thalweg }) => {
  expect(await fails(page, thalweg, "short/hls-ts/index.m3u8", [{ path: ".ts", garbage: true }])).toMatchObject({ category: "media", severity: "fatal" });
});

test("a network that goes away and comes back", async ({ page, context, thalweg }) => {
  const viewer = await Viewer.open(page, thalweg, "hls-fmp4/index.m3u8", { player: { bufferAhead: 8 } });
  await viewer.play();
  await viewer.reach(1);
  await context.setOffline(true);
  await viewer.until(() => window.seen.media.filter(({ name }) => name === "waiting").length > 1 || window.video.readyState < 3, 40_000);
  const stopped = await viewer.position();
  await context.setOffline(false);
  await viewer.reach(stopped + 2);
  const { said } = await viewer.seen();
  expect(said.error.filter(({ severity }) => severity !== "recovered")).toEqual([]);
});
