// node benches/media/run.mjs FOLDER LADDER: measures the transmuxers in a worker of one page of Chromium, prints tables, writes
// FOLDER/media.json, and fails when a bound is missed. FOLDER/ours holds our module as wasm-bindgen left it, FOLDER/node_modules
// the other transmuxers, LADDER the sample ladder. Called by `cargo xtask bench media`.

import { chromium } from "@playwright/test";
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, loadavg } from "node:os";
import { basename, join, resolve } from "node:path";

const ROUNDS = 15;
const COLD_PAGES = 5;
/** Ours must be so many times as fast as the fastest of the others. */
const TIMES_AS_FAST = 3;
const [folder, ladder] = process.argv.slice(2).map((path) => resolve(path));

const missed = [];
const files = new Map();
await bundle();
const cases = [
  { name: "1080p MPEG-TS to fMP4", media: media("hls-ts", /^index_1080p_\d+\.ts$/), others: ["hls.js", "mux.js", "shaka"], floor: "memcpy", faster: TIMES_AS_FAST },
  { name: "1080p fMP4 passed through", media: media("hls-fmp4", /^1080p_\d+\.m4s$/, "1080p_init.mp4"), others: ["hls.js"], faster: 1 },
];
const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc"],
});
const report = { rounds: ROUNDS, cases: [] };
try {
  report.browser = browser.version();
  report.processor = `${cpus().length} x ${cpus()[0].model}`;
  report.loadBefore = loadavg()[0];
  for (const one of cases) report.cases.push(await measure(one));
  report.loadAfter = loadavg()[0];
} finally {
  await browser.close();
  server.close();
}
print();
report.missed = missed;
writeFileSync(join(folder, "media.json"), `${JSON.stringify(report, null, 2)}\n`);
for (const words of missed) console.log(`missed: ${words}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** Puts the page's worker, the others and our module together in FOLDER/page. */
async function bundle() {
  await build({
    entryPoints: ["benches/media/worker.mjs"],
    outfile: join(folder, "page/worker.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    nodePaths: [join(folder, "node_modules")],
    alias: { "thalweg-bench": join(folder, "ours/ours.js") },
  });
}

/** Segments of the ladder, and what ffprobe counts in them. */
function media(name, pattern, init) {
  const from = join(ladder, name);
  const segments = readdirSync(from).filter((file) => pattern.test(file)).sort();
  const paths = segments.map((file) => join(from, file));
  for (const path of [...paths, ...(init ? [join(from, init)] : [])]) files.set(`/${name}/${basename(path)}`, path);
  let expected = 0;
  const starts = [0];
  for (const path of paths) {
    const input = init ? `concat:${join(from, init)}|${path}` : path;
    const entries = "stream=nb_read_packets";
    const probed = execFileSync("ffprobe", ["-v", "error", "-count_packets", "-show_entries", entries, "-of", "json", input]);
    for (const { nb_read_packets: count } of JSON.parse(probed).streams) expected += Number(count);
  }
  const playlist = readFileSync(join(from, "index_1080p.m3u8"), "utf8");
  for (const [, duration] of playlist.matchAll(/#EXTINF:([\d.]+)/g)) starts.push(starts.at(-1) + Number(duration));
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  return { init: init && `/${name}/${init}`, urls: segments.map((file) => `/${name}/${file}`), expected, bytes, starts, seconds: starts.at(-1) };
}

/** The page's origin. It is isolated, so that its clock ticks every 5 us. */
function serve() {
  const html = "<!doctype html><meta charset=utf-8><title>bench</title>";
  const types = { ".js": "text/javascript", "wasm": "application/wasm" };
  files.set("/worker.js", join(folder, "page/worker.js"));
  files.set("/ours_bg.wasm", join(folder, "ours/ours_bg.wasm"));
  files.set("/hls.worker.js", join(folder, "node_modules/hls.js/dist/hls.worker.js"));
  const server = createServer((request, response) => {
    const path = files.get(request.url);
    const body = request.url === "/" ? html : path && readFileSync(path);
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": request.url === "/" ? "text/html" : (types[request.url.slice(-4)] ?? types[request.url.slice(-3)] ?? "application/octet-stream"),
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(body);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** Asks a worker in a page that has done nothing yet. */
async function ask(question) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const { found, error } = await page.evaluate(
      (question) =>
        new Promise((done) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => done(data);
          worker.onerror = ({ message }) => done({ error: message });
          worker.postMessage(question);
        }),
      question,
    );
    if (error !== undefined) throw new Error(error);
    return found;
  } finally {
    await context.close();
  }
}

async function measure({ name, media, others, floor, faster }) {
  const names = ["thalweg", ...others, ...(floor ? [floor] : [])];
  const found = await ask({ names, media, rounds: ROUNDS });
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const transmuxers = names.map((name) => {
    const { rounds, wrong, bytes } = found[name];
    return { name, wrong, bytes, all: rounds.map(sum), cold: [] };
  });
  const right = transmuxers.filter(({ wrong }) => wrong === null);
  for (const one of right) {
    one.median = median(one.all);
    for (let nth = 0; nth < COLD_PAGES; nth++) {
      const { [one.name]: first } = await ask({ names: [one.name], media: { ...media, urls: media.urls.slice(0, 1), expected: null }, rounds: 1 });
      one.cold.push(first.rounds[0][0]);
    }
  }
  const result = { name, ...media, transmuxers };
  const ours = right.find(({ name }) => name === "thalweg");
  if (ours === undefined) {
    missed.push(`${name}: our result is wrong`);
    return result;
  }
  const rivals = right.filter(({ name }) => others.includes(name));
  for (const { name: other } of transmuxers.filter((one) => others.includes(one.name) && !right.includes(one))) {
    missed.push(`${name}: ${other} cannot be compared`);
  }
  if (rivals.length === 0) return result;
  const best = rivals.reduce((a, b) => (a.median < b.median ? a : b));
  const ratio = best.median / ours.median;
  if (ratio < faster) missed.push(`${name}: ${ratio.toFixed(2)} times as fast as ${best.name}, not ${faster} times`);
  return { ...result, best: best.name, ratio };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function print() {
  console.log(`\nChromium ${report.browser}, ${report.processor}, load ${report.loadBefore.toFixed(1)} to ${report.loadAfter.toFixed(1)}`);
  console.log(`warm: median of ${ROUNDS}, the transmuxers taking turns; the fastest; cold: first segment of a page, median of ${COLD_PAGES}\n`);
  for (const { name, bytes, seconds, urls, expected, transmuxers, best, ratio } of report.cases) {
    console.log(`${name}: ${urls.length} segments, ${bytes.toLocaleString("en")} bytes, ${seconds.toFixed(1)} s, ${expected} samples`);
    for (const { name: one, wrong, median: warm, all, cold, bytes: out } of transmuxers) {
      if (wrong !== null) {
        console.log(`  ${one.padEnd(8)} not timed: ${wrong}`);
        continue;
      }
      const each = (ms) => `${((ms * 1e6) / bytes).toFixed(3)} ms/MB`;
      const words = [
        `${each(warm)} (${each(Math.min(...all))})`,
        `${((warm * 1000) / seconds).toFixed(1).padStart(7)} us a second of video`,
        `${(bytes / warm / 1000).toFixed(0).padStart(6)} MB/s`,
        `cold ${median(cold).toFixed(2).padStart(6)} ms`,
        `out/in ${(out / bytes).toFixed(3)}`,
      ];
      console.log(`  ${one.padEnd(8)} ${words.join("  ")}`);
    }
    console.log(best === undefined ? "" : `  ${ratio.toFixed(2)} times as fast as ${best}, the fastest of the others\n`);
  }
}
