// A viewer: a page with one player, watched from outside (pages/observe.js).
//
//   const viewer = await Viewer.open(page, thalweg, "hls-ts/index.m3u8", { beacon: true });
//   await viewer.play();
//   await viewer.until(() => video.ended);

import type { Page } from "@playwright/test";
import type {
  Decision,
  LoadOptions,
  PlayerError,
  PlayerOptions,
  RequestReport,
  Stats,
} from "../../pkg/types";
import type { Thalweg } from "./thalweg.ts";

/** The four packagings of a ladder. */
export const PACKAGINGS = [
  "hls-ts/index.m3u8",
  "hls-fmp4/index.m3u8",
  "dash-timeline/manifest.mpd",
  "dash-ondemand/manifest.mpd",
] as const;

/** Frames a second of the ladder. */
export const FRAME_RATE = 30;

/** An event's or a frame's time is of the page's performance.now(). */
export interface Seen {
  media: { name: string; at: number; position: number; ahead: number }[];
  frames: { at: number; time: number; width: number; height: number; presented: number; number?: number }[];
  /** The longest time in which the page's main thread did not answer, in milliseconds. */
  longestPause: number;
  /** What the player said, by type of event; `heard` is when. */
  said: {
    decision: (Decision & { heard: number })[];
    rendition: { at: number; rendition: string; height: number | null; kbps: number; heard: number }[];
    stall: { at: number; seconds: number | null; heard: number }[];
    request: (RequestReport & { heard: number })[];
    error: (PlayerError & { heard: number })[];
    beacon: { at: number; body: string; status: number; heard: number }[];
  };
}

export interface ViewerOptions extends LoadOptions {
  /** Sends records to the test's collector. */
  beacon?: boolean;
  /** Seconds between heartbeats. */
  interval?: number;
  /** Reads the number burnt into every frame. */
  numbers?: boolean;
  player?: Omit<PlayerOptions, "beacon">;
}

export class Viewer {
  private constructor(
    readonly page: Page,
    /** What the console said that it should not, and what was thrown. */
    readonly problems: string[],
  ) {}

  /** Opens the page and makes its player, and, given a path or URL, begins to load it. */
  static async open(page: Page, thalweg: Thalweg, stream?: string, options: ViewerOptions = {}): Promise<Viewer> {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(thalweg.page("watch.html"));
    await page.waitForFunction(() => "Player" in window);
    const beacon = options.beacon
      ? { beacon: { url: thalweg.beacons, contentId: "test", interval: options.interval ?? 30 } }
      : {};
    await page.evaluate(
      ([settings, numbers]) => {
        window.player = new window.Player(window.video, settings);
        window.seen = window.observe(window.video, window.player, { numbers });
      },
      [{ ...options.player, ...beacon } as PlayerOptions, options.numbers ?? false] as const,
    );
    const viewer = new Viewer(page, problems);
    if (stream !== undefined) await viewer.load(thalweg.media(stream), options);
    return viewer;
  }

  /** Loads a stream: null, or what the promise was rejected with. */
  load(url: string, { format }: LoadOptions = {}): Promise<PlayerError | null> {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${url} is neither loaded nor refused after 20 s`)), 20_000).unref();
    });
    const loaded = this.page.evaluate(
      ([url, options]) =>
        window.player.load(url, options).then(
          () => null,
          (error: PlayerError) => {
            const { code, category, severity, message, context } = error;
            return { code, category, severity, message, context };
          },
        ),
      [url, format ? { format } : {}] as const,
    );
    return Promise.race([loaded, late]);
  }

  play(): Promise<void> {
    return this.page.evaluate(() => window.video.play());
  }

  /** Waits, in the page, until a condition holds. */
  async until(condition: () => unknown, timeout = 30_000): Promise<void> {
    await this.page.waitForFunction(condition, undefined, { timeout, polling: 50 }).catch((error: unknown) => this.explain(error));
  }

  /** Waits until the playhead is past a time. */
  async reach(position: number, timeout = 30_000): Promise<void> {
    await this.page
      .waitForFunction((position) => window.video.currentTime >= position, position, { timeout, polling: 50 })
      .catch((error: unknown) => this.explain(error));
  }

  /** Says what the player was doing when something was waited for in vain. */
  private async explain(error: unknown): Promise<never> {
    const state = await this.page.evaluate(() => {
      const { video, player, seen } = window;
      const { buffered, currentTime, paused, ended, seeking, readyState } = video;
      return {
        element: { currentTime, paused, ended, seeking, readyState, error: video.error?.message },
        buffered: Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]),
        media: seen.media.slice(-12).map(({ name, position }) => `${name} at ${position}`),
        errors: seen.said.error.slice(-5).map(({ code, severity, context }) => ({ code, severity, ...context })),
        stats: player.stats(),
      };
    });
    throw new Error(`${String(error)}\n${JSON.stringify(state, null, 1)}`, { cause: error });
  }

  seen(): Promise<Seen> {
    return this.page.evaluate(() => window.seen);
  }

  stats(): Promise<Stats> {
    return this.page.evaluate(() => window.player.stats());
  }

  position(): Promise<number> {
    return this.page.evaluate(() => window.video.currentTime);
  }

  /** Holds a rendition by its height. */
  hold(height: number): Promise<void> {
    return this.page.evaluate((height) => {
      const video = window.player.tracks.find((track) => track.kind === "video");
      const rendition = video?.renditions.find((rendition) => rendition.height === height);
      if (!rendition) throw new Error(`no rendition of height ${height}`);
      window.player.select(rendition.id);
    }, height);
  }

  /** Plays on, fast, until the end, and waits for it. */
  async finish(rate = 4): Promise<void> {
    await this.page.evaluate((rate) => {
      window.video.playbackRate = rate;
      return window.video.play();
    }, rate);
    await this.until(() => window.video.ended);
  }

  /** Whether the element has the media around a time. */
  buffers(position: number): Promise<boolean> {
    return this.page.evaluate((position) => {
      const { buffered } = window.video;
      return Array.from({ length: buffered.length }, (_, i) => i).some(
        (i) => buffered.start(i) <= position && position < buffered.end(i),
      );
    }, position);
  }

  /** Seeks and waits until the picture is there: the number burnt into the first frame shown from then on, and its time. */
  async seek(position: number): Promise<{ number: number; time: number }> {
    await this.page.evaluate((position) => {
      window.shown = null;
      window.video.currentTime = position;
      const look = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
        window.shown = { number: window.burntIn(window.video)?.frame ?? -1, time: mediaTime };
        if (Math.abs(mediaTime - position) > 1) window.video.requestVideoFrameCallback(look);
      };
      window.video.requestVideoFrameCallback(look);
    }, position);
    await this.page.waitForFunction(
      (position) => !window.video.seeking && Math.abs((window.shown?.time ?? -1) - position) < 1,
      position,
      { timeout: 20_000, polling: 50 },
    );
    return this.page.evaluate(() => window.shown ?? { number: -1, time: -1 });
  }
}
