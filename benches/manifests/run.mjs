// node benches/manifests/run.mjs FOLDER: measures the manifest parsers in one page of Chromium, prints a table, writes
// FOLDER/manifests.json, and fails when a bound is missed. FOLDER/ours holds our module as wasm-bindgen left it, and
// FOLDER/node_modules the other parsers. Called by `cargo xtask bench manifests`.

import { chromium } from "@playwright/test";
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";

const ROUNDS = 15;
const COLD_PAGES = 5;
const folder = resolve(process.argv[2]);

const CASES = [
  { name: "playlist of 30 segments", format: "hls", make: "playlist", arguments: [30], times: 200 },
  { name: "playlist of 21,600", format: "hls", make: "playlist", arguments: [21_600], under: 15, faster: 5, cold: true },
  { name: "the same, each with date, key, range", format: "hls", make: "playlist", arguments: [21_600, { rich: true }] },
  { name: "reload of 21,600 and one more", format: "reload", make: "grown", arguments: [21_600], under: 2 },
  { name: "playlist of 100,000", format: "hls", make: "playlist", arguments: [100_000] },
  { name: "MPD of 3 sets of 10,800 S", format: "dash", make: "mpd", arguments: [10_800], under: 10, cold: true },
];

/** What `cargo xtask bench manifests` fails for. */
const missed = [];
const report = { rounds: ROUNDS, cases: [], kept: [] };

await bundle();
const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info"],
});
try {
  report.browser = browser.version();
  report.processor = `${cpus().length} x ${cpus()[0].model}`;
  report.loadBefore = loadavg()[0];
  for (const one of CASES) report.cases.push(await measure(one));
  await memory([21_600, 100_000]);
  linear();
  report.loadAfter = loadavg()[0];
} finally {
  await browser.close();
  server.close();
}
print();
report.missed = missed;
writeFileSync(join(folder, "manifests.json"), `${JSON.stringify(report, null, 2)}\n`);
for (const words of missed) console.log(`missed: ${words}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** Puts page, parsers and our module together in FOLDER/page. */
async function bundle() {
  await build({
    entryPoints: ["benches/manifests/page.mjs"],
    outfile: join(folder, "page/page.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    nodePaths: [join(folder, "node_modules")],
    alias: { "thalweg-bench": join(folder, "ours/ours.js") },
  });
}

/** The page's origin. It is isolated, so that its clock ticks every 5 us. */
function serve() {
  const page = "<!doctype html><meta charset=utf-8><title>bench</title><script type=module src=page.js></script>";
  const files = {
    "/": ["text/html", page],
    "/page.js": ["text/javascript", readFileSync(join(folder, "page/page.js"))],
    "/ours_bg.wasm": ["application/wasm", readFileSync(join(folder, "ours/ours_bg.wasm"))],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": type ?? "text/plain",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(body);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** Does `work` in a page that has done nothing yet. */
async function inPage(work, argument) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => "bench" in globalThis);
    return await page.evaluate(work, argument);
  } finally {
    await context.close();
  }
}

async function measure(one) {
  const { bytes, segments, found, failed } = await inPage(
    ({ one, rounds }) => globalThis.bench.warm(one.format, one, rounds),
    { one, rounds: ROUNDS },
  );
  const parsers = Object.entries(found).map(([name, all]) => ({ name, median: median(all), all }));
  if (one.cold) {
    for (let nth = 0; nth < COLD_PAGES; nth++) {
      // Each goes first in turn.
      const names = parsers.map(({ name }) => name);
      const order = [...names, ...names].slice(nth % names.length).slice(0, names.length);
      const first = await inPage(({ one, order }) => globalThis.bench.cold(one.format, order, one), { one, order });
      for (const parser of parsers) (parser.allCold ??= []).push(first[parser.name]);
    }
    for (const parser of parsers) parser.cold = median(parser.allCold);
  }
  const result = { name: one.name, format: one.format, bytes, segments, parsers, failed, under: one.under, faster: one.faster };
  const ours = parsers.find(({ name }) => name === "thalweg");
  if (ours === undefined) {
    missed.push(`${one.name}: our result is wrong`);
    return result;
  }
  const others = parsers.filter((parser) => parser !== ours);
  const best = others.filter(({ name }) => name !== "dash.js").reduce((a, b) => (a.median < b.median ? a : b));
  const ratio = best.median / ours.median;
  if (one.under && ours.median >= one.under) {
    missed.push(`${one.name}: ${ours.median.toFixed(2)} ms, ${(ours.median - one.under).toFixed(2)} ms over the ${one.under} ms allowed`);
  }
  if (one.faster && ratio < one.faster) {
    missed.push(`${one.name}: ${ratio.toFixed(2)} times as fast as ${best.name}, not ${one.faster} times`);
  }
  return { ...result, best: best.name, ratio };
}

/** What models of playlists of these many segments keep in memory, each made in a page of its own. */
async function memory(counts) {
  const format = "hls";
  const names = report.cases.find((one) => one.format === format).parsers.map(({ name }) => name);
  for (const name of names) {
    const bytes = [];
    for (const count of counts) {
      const one = { make: "playlist", arguments: [count] };
      bytes.push(await inPage(({ format, name, one }) => globalThis.bench.kept(format, name, one), { format, name, one }));
    }
    report.kept.push({ name, counts, bytes });
  }
}

/**
 * 100,000 segments may take per segment what 21,600 do, with some room for vectors that double. The fastest runs are
 * compared: other work on the machine only adds.
 */
function linear() {
  const each = (name) => {
    const { parsers, segments } = report.cases.find((one) => one.name === name);
    return Math.min(...parsers[0].all) / segments;
  };
  report.time_growth = each("playlist of 100,000") / each("playlist of 21,600");
  const [{ counts, bytes }] = report.kept;
  report.memory_growth = bytes[1] / counts[1] / (bytes[0] / counts[0]);
  if (report.time_growth > 1.5) missed.push(`100,000 segments take ${report.time_growth.toFixed(2)} times as long each as 21,600`);
  if (report.memory_growth > 2) missed.push(`100,000 segments keep ${report.memory_growth.toFixed(2)} times as much each as 21,600`);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function print() {
  console.log(`\nChromium ${report.browser}, ${report.processor}, load ${report.loadBefore.toFixed(1)} to ${report.loadAfter.toFixed(1)}`);
  console.log(`warm: median of ${ROUNDS}, the parsers taking turns; the fastest; [quartiles]; cold: first call of a page, median of ${COLD_PAGES}\n`);
  for (const { name, bytes, segments, parsers, failed, best, ratio } of report.cases) {
    console.log(`${name}: ${bytes.toLocaleString("en")} bytes, ${segments.toLocaleString("en")} segments`);
    for (const { name: parser, median: warm, all, cold } of parsers) {
      const sorted = all.toSorted((a, b) => a - b);
      const quartiles = [0.25, 0.75].map((part) => sorted[Math.round(part * (sorted.length - 1))]);
      const words = [`${ms(warm)} ms`, `${ms(sorted[0])} ms`, `[${quartiles.map(ms).join(" - ")}]`.padEnd(20), `${(bytes / warm / 1000).toFixed(1).padStart(6)} MB/s`];
      if (cold !== undefined) words.push(`cold ${ms(cold)} ms`);
      if (parser === "dash.js") words.push("(a tree, no segments)");
      console.log(`  ${parser.padEnd(12)} ${words.join("  ")}`);
    }
    for (const { name: parser, words } of failed) console.log(`  ${parser.padEnd(12)} not timed: ${words}`);
    if (best === undefined) console.log();
    else console.log(`  ${ratio.toFixed(1)} times as fast as ${best}, the best of the others that yield segments\n`);
  }
  const [first, second] = report.kept[0].counts.map((count) => count.toLocaleString("en"));
  console.log(`kept in memory by the models of ${first} and ${second} segments, bytes:`);
  for (const { name, bytes } of report.kept) {
    console.log(`  ${name.padEnd(12)} ${bytes.map((number) => number.toLocaleString("en").padStart(12)).join(" ")}`);
  }
  console.log(`ours at 100,000 beside 21,600, for each segment: ${report.time_growth.toFixed(2)} times the time, ${report.memory_growth.toFixed(2)} times the memory\n`);
}

function ms(value) {
  return value.toFixed(value < 1 ? 4 : 2).padStart(8);
}
