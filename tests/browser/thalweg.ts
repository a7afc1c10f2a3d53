// What the browser tests are written with:
//
//   import { expect, test } from "./thalweg.ts";
//   test("…", async ({ page, thalweg }) => { await thalweg.net(1000); await page.goto(thalweg.page("player.html")); … });
//
// Each Playwright worker has an origin with the sample ladder (60 s; `short/` leads to one of 14 s), a collector with an
// empty store, and the test pages on a third port. Before each test the network is unshaped, no fault is set and the origin's
// log is empty.

import { test as base } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collect, type Server, serve } from "./servers.ts";

export { expect } from "@playwright/test";

/** What the origin does to the requests that it matches; the first rule that matches is used. */
export interface Fault {
  /** Part of the request's path, or with `*` a pattern for all of it. */
  path: string;
  /** How many requests; without it all. */
  times?: number;
  status?: number;
  /** A text in place of the file, and its media type. */
  body?: string;
  type?: string;
  /** The same length of noise. */
  garbage?: true;
  /** The connection closes after so many bytes. */
  truncate?: number;
  /** Nothing comes after so many bytes. */
  stall_after?: number;
  delay_ms?: number;
}

/** One line of the origin's log. */
export interface OriginRequest {
  path: string;
  range: string | null;
  status: number;
  bytes_sent: number;
  /** Milliseconds since the origin's start. */
  t_ms: number;
  /** Whether all of the body was sent. */
  done: boolean;
}

/** A view as the collector lists it. */
export interface View {
  sid: string;
  [key: string]: unknown;
}

/** The servers of a test, and what can be done to them. */
export class Thalweg {
  constructor(private readonly servers: { origin: Server; pages: Server; collector: Server }) {}

  /** A URL of the origin: `thalweg.media("hls-ts/index.m3u8")`. */
  media(path: string): string {
    return new URL(path, this.servers.origin.url).href;
  }

  /** A URL of a page in tests/browser/pages. */
  page(path: string): string {
    return new URL(path, this.servers.pages.url).href;
  }

  /** The URL that beacons go to. */
  get beacons(): string {
    return new URL("v1/beacons", this.servers.collector.url).href;
  }

  /** Shapes the origin's network: null is as fast as the machine. */
  async net(kbps: number | null, latencyMs = 0): Promise<void> {
    await this.control("PUT", "net", { kbps, latency_ms: latencyMs });
  }

  /** Sets the origin's faults in place of those set before. */
  async faults(rules: Fault[]): Promise<void> {
    await this.control("PUT", "faults", rules);
  }

  /** The requests that the origin had in this test. */
  async requests(): Promise<OriginRequest[]> {
    return (await this.control("GET", "requests")).json() as Promise<OriginRequest[]>;
  }

  /** The views that the collector knows, newest first, of all tests so far. */
  async views(): Promise<View[]> {
    const answer = await call("GET", new URL("v1/views", this.servers.collector.url));
    return (await answer.json()) as View[];
  }

  /** One view with its timeline. */
  async view(sid: string): Promise<Record<string, unknown>> {
    const answer = await call("GET", new URL(`v1/views/${sid}`, this.servers.collector.url));
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Undoes what a test set. */
  async reset(): Promise<void> {
    await this.net(null);
    await this.control("DELETE", "faults");
    await this.control("DELETE", "requests");
  }

  private control(method: string, what: string, body?: unknown): Promise<Response> {
    return call(method, new URL(`.thalweg/${what}`, this.servers.origin.url), body);
  }
}

async function call(method: string, url: URL, body?: unknown): Promise<Response> {
  const request: RequestInit = { method };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "content-type": "application/json" };
  }
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Playwright's `test` with the servers. */
export const test = base.extend<{ thalweg: Thalweg }, { running: Thalweg }>({
  running: [
    async ({}, use) => {
      const data = await mkdtemp(join(tmpdir(), "thalweg-"));
      const started: Server[] = [];
      const keep = async (server: Promise<Server>) => {
        started.push(await server);
        return await server;
      };
      try {
        const origin = await keep(serve("target/browser/media"));
        const pages = await keep(serve("target/browser/site"));
        const collector = await keep(collect(data));
        await use(new Thalweg({ origin, pages, collector }));
      } finally {
        await Promise.all(started.map((server) => server.stop()));
        await rm(data, { recursive: true, force: true });
      }
    },
    { scope: "worker" },
  ],
  thalweg: async ({ running }, use) => {
    await running.reset();
    await use(running);
  },
});
