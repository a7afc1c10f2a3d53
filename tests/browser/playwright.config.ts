// The tests in a real browser: the distribution's Chromium against the real origin and collector.
// `cargo xtask test browser [-- ARGS]` builds what they need and runs them.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "../../target/browser/results",
  globalSetup: "./pages.ts",
  reporter: "list",
  // Videos are decoded in software: two at once would measure each other.
  workers: 1,
  timeout: 120_000,
  // CI's machine may be busy with other things: one more try there. Playwright names such a test "flaky" at the end.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: true,
  use: {
    browserName: "chromium",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
      ],
    },
  },
});
