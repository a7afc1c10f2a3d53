// node tests/inspector/same.mjs: the inspector's WebAssembly module and its native build give the same bytes for every manifest and every
// segment of the corpus (../shared/corpus, where it is there), of the sample ladder and of the repository: a manifest alone and with the
// file before it as its `previous`, a segment alone and with its initialization segment. One process a side.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { initSync, inspect, inspect_media } from "../../target/inspector/inspector.js";

/** Within the availability of the corpus' live MPDs, as far as one moment can be. */
const NOW = Date.UTC(2022, 0, 1) * 1000;
const CORPUS = "../shared/corpus";
const LADDER = "target/ladder";

if (!existsSync(CORPUS)) console.log(`${CORPUS} is not there: only own files are compared`);
if (!existsSync(LADDER)) console.log(`${LADDER} is not there (cargo xtask demo makes it): its files are not compared`);

const manifests = [`${CORPUS}/hls`, `${CORPUS}/dash`, LADDER, "tests", "inspector", "cli/tests", "fuzz"].flatMap((folder) => {
  const paths = files(folder, /\.(m3u8|mpd)$/);
  return paths.flatMap((path, i) => [["manifest", path], ...(i === 0 ? [] : [["manifest", path, paths[i - 1]]])]);
});

const index = existsSync(CORPUS) ? JSON.parse(readFileSync(`${CORPUS}/index.json`, "utf8")).entries : [];
const inits = new Map(index.map((entry) => [join(CORPUS, entry.path), entry.init && join(CORPUS, entry.init)]));
const segments = [`${CORPUS}/media`, `${CORPUS}/hls/play`, `${CORPUS}/dash/play`, LADDER].flatMap((folder) =>
  files(folder, /\.(?!(json|m3u8|mpd|md)$)[^./]+$/).flatMap((path) => {
    // The ladder's own names: 720p_00001.m4s, 720p_init.mp4.
    const init = inits.get(path) ?? path.replace(/[^_/]+\.m4s$/, "init.mp4");
    return [["media", path], ...(init !== path && existsSync(init) ? [["media", path, init]] : [])];
  }),
);

const all = [...manifests, ...segments];
initSync({ module: readFileSync("target/inspector/inspector_bg.wasm") });
const text = (path) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(readFileSync(path));
const here = ([kind, path, other]) =>
  kind === "media"
    ? inspect_media(readFileSync(path), other && readFileSync(other))
    : inspect(text(path), "https://example.com/a/b.c?d", NOW, other && text(other));

const native = spawn("target/debug/examples/inspect_lines", [String(NOW)], { stdio: ["pipe", "pipe", "inherit"] });
native.stdin.end(all.map((line) => `${line.join("\t")}\n`).join(""));
const seen = { manifest: 0, media: 0 };
let at = 0;
let differ = 0;
let bytes = 0;
for await (const theirs of lines(native.stdout)) {
  const line = all[at++];
  const ours = Buffer.from(here(line));
  seen[line[0]]++;
  bytes += ours.length;
  if (ours.equals(theirs)) continue;
  differ++;
  const from = Math.max(0, ours.findIndex((byte, i) => byte !== theirs[i]) - 80);
  const part = (whole) => whole.subarray(from, from + 200).toString();
  console.log(`${line.join(" ")} differs at byte ${from}:\n  wasm   ${part(ours)}\n  native ${part(theirs)}`);
}
console.log(`${seen.manifest} readings of manifests and ${seen.media} of segments, of ${all.length}, compared, ${bytes} bytes; ${differ} differ`);
process.exitCode = differ === 0 && at === all.length && seen.manifest > 0 && seen.media > 0 ? 0 : 1;

/** Paths of the files below a folder whose names match, in order. */
function files(folder, names) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && names.test(entry.name));
  return entries.map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** Lines of bytes. (node:readline also ends them at U+2028, which JSON may have within.) */
async function* lines(stream) {
  let parts = [];
  for await (let chunk of stream) {
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10)) {
      yield Buffer.concat([...parts, chunk.subarray(0, end)]);
      parts = [];
      chunk = chunk.subarray(end + 1);
    }
    parts.push(chunk);
  }
}
