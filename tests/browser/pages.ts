// Before all tests: puts the test pages and the package together in target/browser/site, and what the origin serves in
// target/browser/media: the sample ladder, and below `short` one of 14 s, which is made once.

import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import { promisify } from "node:util";
import { checkout } from "./servers.ts";

const SHORT = "target/ladder-short";

export default async function assemble(): Promise<void> {
  const site = checkout("target/browser/site");
  await rm(site, { recursive: true, force: true });
  await cp(checkout("tests/browser/pages"), site, { recursive: true });
  await cp(checkout("pkg"), `${site}/pkg`, { recursive: true });
  await cp(checkout("examples/embed"), `${site}/examples/embed`, { recursive: true, filter: (path) => !path.includes("/node_modules") });

  const made = await stat(checkout(`${SHORT}/ladder.json`)).catch(() => null);
  if (made === null) {
    const options = ["ladder", "test-pattern", "--seconds", "14", "--out", checkout(SHORT)];
    await promisify(execFile)(checkout("target/debug/thalweg"), options);
  }
  const media = checkout("target/browser/media");
  await rm(media, { recursive: true, force: true });
  await mkdir(media, { recursive: true });
  for (const name of await readdir(checkout("target/ladder"))) {
    await symlink(checkout(`target/ladder/${name}`), `${media}/${name}`);
  }
  await symlink(checkout(SHORT), `${media}/short`);
}
