// node tests/inspector/same.mjs: the inspector's WebAssembly module and its native build give the same bytes for every manifest of the
// corpus (../shared/corpus, where it is there), of the sample ladder and of the repository, each alone and with the file before it as its
// `previous`. One process a side.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { initSync, inspect } from "../../target/inspector/inspector.js";

/** Within the availability of the corpus' live MPDs, as far as one moment can be. */
const NOW = Date.UTC(2022, 0, 1) * 1000;

const folders = ["../shared/corpus/hls", "../shared/corpus/dash", "target/ladder", "tests", "inspector", "cli/tests", "fuzz"];
if (!existsSync(folders[0])) console.log(`${folders[0]} is not there: only own manifests are compared`);

const lines = folders.flatMap((folder) => {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.(m3u8|mpd)$/.test(entry.name));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return paths.flatMap((path, i) => (i === 0 ? [path] : [path, `${path}\t${paths[i - 1]}`]));
});

const module = readFileSync("target/inspector/inspector_bg.wasm");
initSync({ module });
const read = (path) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(readFileSync(path));
const here = (line) => {
  const [text, previous] = line.split("\t").map(read);
  return inspect(text, "https://example.com/a/b.c?d", NOW, previous);
};

const native = spawn("target/debug/examples/inspect_lines", [String(NOW)], { stdio: ["pipe", "pipe", "inherit"] });
native.stdin.end(lines.map((line) => `${line}\n`).join(""));
let at = 0;
let differ = 0;
let bytes = 0;
for await (const theirs of createInterface({ input: native.stdout })) {
  const line = lines[at++];
  const ours = here(line);
  bytes += ours.length;
  if (ours === theirs) continue;
  differ++;
  const from = Math.max(0, [...ours].findIndex((c, i) => c !== theirs[i]) - 80);
  console.log(`${line.replace("\t", " after ")} differs:\n  wasm   ${ours.slice(from, from + 200)}\n  native ${theirs.slice(from, from + 200)}`);
}
console.log(`${at} of ${lines.length} readings compared, ${bytes} characters; ${differ} differ`);
process.exitCode = differ === 0 && at === lines.length && at > 0 ? 0 : 1;
