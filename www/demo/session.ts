// The <thalweg-video> on the page and what is loaded in it. Panels subscribe here once; the subscriptions outlive the element, which is
// replaced when the MSE choice changes.

import type { Player } from "../player/player.ts";
import type { ThalwegVideo } from "../player/thalweg.ts";
import type { PlayerEvents } from "../player/types.ts";
import { make } from "./dom.ts";
import { collector, type Mse, type Source, webUrl } from "./page.ts";

/** The player's events, and what the page adds. */
export interface SessionEvents extends PlayerEvents {
  /** A load begins: everything shown belongs to the past. */
  load: Source;
  /** An event of the media element. */
  media: string;
}

type Listener<K extends keyof SessionEvents> = (detail: SessionEvents[K]) => void;

const PLAYER_EVENTS = ["tracks", "decision", "rendition", "stall", "request", "error", "beacon", "stats"] as const satisfies (keyof PlayerEvents)[];
const MEDIA_EVENTS = ["loadstart", "loadedmetadata", "playing", "pause", "waiting", "seeking", "seeked", "ratechange", "volumechange", "ended"] as const;

export class Session {
  #listeners: { [K in keyof SessionEvents]?: Listener<K>[] } = {};
  #element: ThalwegVideo | null = null;
  #mse: Mse | null = null;
  #unsubscribe: (() => void)[] = [];
  #loadedAt = performance.now();

  constructor(private readonly controller: HTMLElement) {}

  get element(): ThalwegVideo | null {
    return this.#element;
  }

  get player(): Player | null {
    return this.#element?.player ?? null;
  }

  /** Seconds since the last load. */
  get elapsed(): number {
    return (performance.now() - this.#loadedAt) / 1000;
  }

  on<K extends keyof SessionEvents>(type: K, listener: Listener<K>): void {
    const list: Listener<K>[] = (this.#listeners[type] ??= []);
    list.push(listener);
  }

  #emit<K extends keyof SessionEvents>(type: K, detail: SessionEvents[K]): void {
    for (const listener of this.#listeners[type] ?? []) listener(detail);
  }

  /** Loads and plays; failures arrive as `error` events. */
  load(source: Source): void {
    this.#loadedAt = performance.now();
    this.#emit("load", source);
    const url = webUrl(source.url);
    if (!url) {
      this.#fail("player.url", "This is not an http or https URL.", source.url);
      return;
    }
    // Module scripts run in order: if the package's did not register the element, it failed to load.
    if (!customElements.get("thalweg-video")) {
      this.#fail("player.package", "The player's package could not be loaded.", new URL("./pkg/thalweg.js", document.baseURI).href);
      return;
    }
    const element = this.#mse === source.mse && this.#element ? this.#element : this.#create(source.mse);
    element.setAttribute("content-id", url.pathname.slice(-128));
    element.setAttribute("format", source.format);
    element.setAttribute("src", url.href);
    element.load();
    void this.#play(element);
  }

  /** Images for the time range: a WebVTT file of them, or none. */
  showThumbnails(src: string | null): void {
    this.#element?.querySelector("track")?.remove();
    if (src !== null) this.#element?.append(make("track", { kind: "metadata", label: "thumbnails", default: "", src }));
  }

  /** Plays; where the browser forbids sound before a gesture, without it. */
  async #play(element: ThalwegVideo): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // Other reasons are errors of the player, or a later load.
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      element.muted = true;
      await element.play().catch(() => undefined);
    }
  }

  #create(mse: Mse): ThalwegVideo {
    for (const stop of this.#unsubscribe.splice(0)) stop();
    const old = this.#element;
    const element = make("thalweg-video", { slot: "media", playsinline: "", mse });
    if (collector) element.setAttribute("beacon", new URL("v1/beacons", collector).href);
    if (old) {
      old.replaceWith(element);
      element.muted = old.muted;
      element.volume = old.volume;
    } else {
      this.controller.prepend(element);
    }
    this.#element = element;
    this.#mse = mse;
    for (const type of PLAYER_EVENTS) this.#forward(element.player, type);
    for (const type of MEDIA_EVENTS) element.addEventListener(type, () => this.#emit("media", type));
    return element;
  }

  #forward<K extends keyof PlayerEvents>(player: Player, type: K): void {
    this.#unsubscribe.push(player.on(type, (detail) => this.#emit(type, detail as SessionEvents[K])));
  }

  #fail(code: string, message: string, url: string): void {
    // Later, because the link's load begins before the panels have subscribed.
    queueMicrotask(() => this.#emit("error", { code, category: "player", severity: "fatal", message, context: { url } }));
  }
}
