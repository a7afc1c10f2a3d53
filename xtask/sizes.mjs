// node xtask/sizes.mjs: what a page downloads of pkg/, and whether budgets.json allows it.

import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const budgets = JSON.parse(readFileSync("budgets.json", "utf8"));

function measure(file) {
  const bytes = readFileSync(`pkg/${file}`);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length];
}

// The full engine is loaded in place of the usual one, where a stream needs it.
const files = ["thalweg_bg.wasm", "worker.js", "thalweg.js", "player.js", "thalweg_full_bg.wasm"];
const sizes = new Map(files.map((file) => [file, measure(file)]));
const sum = (names) => [0, 1, 2].map((i) => names.reduce((total, name) => total + sizes.get(name)[i], 0));
sizes.set("page with <thalweg-video>", sum(["thalweg_bg.wasm", "worker.js", "thalweg.js"]));
sizes.set("page with Player", sum(["thalweg_bg.wasm", "worker.js", "player.js"]));

const row = (name, cells) => console.log(name.padEnd(28) + cells.map((cell) => String(cell).padStart(10)).join(""));
row("bytes", ["raw", "gzip -9", "brotli 11", "budget"]);
const over = [];
for (const [name, [raw, gzip, brotli]] of sizes) {
  const budget = budgets.brotli[name];
  row(name, [raw, gzip, brotli, budget ?? "-"]);
  if (budget !== undefined && brotli > budget * (1 + budgets.tolerance)) over.push(name);
}
for (const name of over) {
  console.log(`${name}: brotli size is over its budget by more than ${budgets.tolerance * 100} %`);
}
process.exitCode = over.length === 0 ? 0 : 1;
