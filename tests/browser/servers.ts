// Starts and stops the project's own servers, each on a free port.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A path in the checkout. */
export function checkout(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** A running server. */
export interface Server {
  /** With a slash at the end. */
  url: string;
  stop(): Promise<void>;
}

/** `thalweg serve` of a folder. */
export function serve(folder: string): Promise<Server> {
  return start("thalweg", ["serve", checkout(folder), "--port", "0"]);
}

/** `thalweg-collector` that keeps its data in `folder`. */
export function collect(folder: string): Promise<Server> {
  return start("thalweg-collector", ["--data", folder, "--listen", "127.0.0.1:0"]);
}

// Each prints a line with its URL when it is ready.
async function start(program: string, args: string[]): Promise<Server> {
  const path = checkout(`target/debug/${program}`);
  // The kernel ends the server if this process is killed before it could.
  const bound = existsSync("/usr/bin/setpriv");
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  const child = bound
    ? spawn("setpriv", ["--pdeathsig", "TERM", path, ...args], { stdio })
    : spawn(path, args, { stdio });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it was ready`)));
  });
  failed.catch(() => {});
  const url = await Promise.race([failed, printedUrl(child)]);
  return { url, stop: () => stop(child) };
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (child.stdout === null) throw new Error("no output");
    createInterface(child.stdout).on("line", (line) => {
      const url = /http:\/\/\S+/.exec(line);
      if (url !== null) resolve(url[0].endsWith("/") ? url[0] : `${url[0]}/`);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(late);
}
