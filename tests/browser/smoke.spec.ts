// The harness itself, and that the package loads: a test page, the origin with the ladder, the collector.

import { expect, test } from "./thalweg.ts";

test("a page has the package, the origin's ladder and the collector", async ({ page, thalweg }) => {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(thalweg.page("player.html"));
  await page.waitForFunction(() => "Player" in window);

  const ladder = await page.evaluate(async (url) => (await fetch(url)).status, thalweg.media("ladder.json"));
  expect(ladder).toBe(200);
  const paths = (await thalweg.requests()).map((request) => request.path);
  expect(paths).toContain("/ladder.json");

  const record = `e=ps,sid="smoke",sn=0,sta=s,ts=${Date.now()},v=2\n`;
  const posted = await page.evaluate(
    async ([url, body]) => (await fetch(url, { method: "POST", body })).status,
    [thalweg.beacons, record] as const,
  );
  expect(posted).toBe(204);
  expect((await thalweg.views()).map((view) => view.sid)).toContain("smoke");
  expect(problems).toEqual([]);
});

test("the origin's network and faults follow the test", async ({ page, thalweg }) => {
  await page.goto(thalweg.page("player.html"));
  const fetched = (url: string) =>
    page.evaluate(async (address) => {
      const begin = performance.now();
      const answer = await fetch(address, { cache: "no-store" });
      await answer.arrayBuffer();
      return { status: answer.status, milliseconds: performance.now() - begin };
    }, url);

  await thalweg.net(null, 300);
  expect((await fetched(thalweg.media("ladder.json"))).milliseconds).toBeGreaterThan(290);
  await thalweg.reset();
  expect((await fetched(thalweg.media("ladder.json"))).milliseconds).toBeLessThan(290);

  await thalweg.faults([{ path: "ladder.json", times: 1, status: 503 }]);
  expect((await fetched(thalweg.media("ladder.json"))).status).toBe(503);
  expect((await fetched(thalweg.media("ladder.json"))).status).toBe(200);
});

test("the element is defined", async ({ page, thalweg }) => {
  await page.goto(thalweg.page("element.html"));
  await page.waitForFunction(() => customElements.get("thalweg-video") !== undefined);
  const ready = await page.locator("#video").evaluate((element) => (element as HTMLVideoElement).readyState);
  expect(ready).toBe(0);
});
