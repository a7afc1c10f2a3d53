// <thalweg-video>: a <video> to everyone else, media-chrome among them. Registers itself.

import { CustomVideoElement } from "custom-media-element";
import { MediaTracksMixin } from "media-tracks";
import { Player } from "./player.js";
import type { PlayerError, PlayerOptions } from "./types.js";

export * from "./player.js";

/**
 * Attributes: those of <video>, and `beacon` (collector URL), `content-id`, `format` (`hls`, `dash`), which are read when
 * `src` is set or `load()` called, and `mse` (`page`), which is read when the player is made.
 */
export class ThalwegVideo extends MediaTracksMixin(CustomVideoElement) {
  // `src` names a manifest: the inner <video> must not load it.
  static override getTemplateHTML = ({ src: _, ...attributes }: Record<string, string>): string =>
    CustomVideoElement.getTemplateHTML(attributes);

  /** What no attribute says; read when the player is made, on the first use of `player` or `src`. */
  options: PlayerOptions = {};

  /** The engine behind the element. An element that leaves the document lets go of it; the next use makes another. */
  get player(): Player {
    return (this.#player ??= this.#create());
  }

  #player: Player | null = null;
  #settings: PlayerOptions = {};
  #queued = false;
  #failure: PlayerError | null = null;

  constructor() {
    super();
    this.videoRenditions.addEventListener("change", () => {
      const { selectedIndex } = this.videoRenditions;
      this.#player?.select(this.videoRenditions[selectedIndex]?.id ?? "auto");
    });
  }

  override get src(): string {
    return this.getAttribute("src") ?? "";
  }

  override set src(url: string) {
    this.setAttribute("src", url);
  }

  override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (name !== "src") {
      super.attributeChangedCallback(name, before, after);
      return;
    }
    if (after === before) return;
    // Attributes that stand beside `src` are set after it: they count.
    if (!this.#queued) {
      this.#queued = true;
      queueMicrotask(() => {
        if (this.#queued) this.load();
      });
    }
  }

  /** Loads what `src` names. */
  override load(): void {
    this.#queued = false;
    this.#failure = null;
    const src = this.getAttribute("src");
    if (!src) {
      this.#end();
      return;
    }
    const { player } = this;
    this.#readBeacon();
    const format = this.getAttribute("format");
    const options = format === "hls" || format === "dash" ? { format } : {};
    // Errors are events of the player; the promise is for those who call Player.load themselves.
    player.load(src, options as { format?: "hls" | "dash" }).catch(() => {});
  }

  /** As of <video>: rejected when it is paused, or nothing can be played; the source may come later. */
  override async play(): Promise<void> {
    const video = this.nativeEl;
    try {
      await video.play();
    } catch (error) {
      // Putting a source in interrupts what was asked before, and asks again.
      if (video.paused || (error as DOMException).name !== "AbortError") throw error;
      await this.play();
    }
  }

  /** Why playback failed. */
  override get error(): MediaError | null {
    if (!this.#failure) return null;
    const { category, message } = this.#failure;
    return { code: category === "network" ? 2 : category === "media" ? 3 : 4, message } as MediaError;
  }

  // What the inner <video> calls an error may be mended yet.
  override handleEvent(event: Event): void {
    if (event.type !== "error") super.handleEvent(event);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback?.();
    // Moved within the page, it is connected again at once.
    queueMicrotask(() => {
      if (!this.isConnected) this.#end();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback?.();
    if (!this.#player && this.getAttribute("src") && !this.#queued) this.load();
  }

  #create(): Player {
    const settings: PlayerOptions = { ...this.options };
    if (this.getAttribute("mse") === "page") settings.mse = "page";
    this.#settings = settings;
    this.#readBeacon();
    const player = new Player(this.nativeEl, settings);
    player.on("tracks", () => this.#offerRenditions(player));
    player.on("error", (error) => {
      if (error.severity !== "fatal") return;
      this.#failure = error;
      // Whoever awaits play() learns of it; what was buffered still plays.
      if (this.nativeEl.readyState === 0) this.nativeEl.pause();
      this.dispatchEvent(new Event("error"));
    });
    return player;
  }
  #readBeacon(): void {
    const url = this.getAttribute("beacon") ?? this.options.beacon?.url;
    if (!url) return;
    const contentId = this.getAttribute("content-id") ?? this.options.beacon?.contentId;
    this.#settings.beacon = { ...this.options.beacon, url, contentId };
  }

  /** Fills media-tracks' list, from which media-chrome makes its quality menu. */
  #offerRenditions(player: Player): void {
    this.#failure = null;
    this.#withdrawRenditions();
    const video = player.tracks.find((track) => track.kind === "video" && track.selected);
    if (!video) return;
    const list = this.addVideoTrack("main", video.label ?? "", video.language ?? "");
    list.selected = true;
    for (const rendition of video.renditions) {
      const { id, width, height, codecs, kbps, frameRate } = rendition;
      const added = list.addRendition(
        id,
        width ?? undefined,
        height ?? undefined,
        codecs ?? undefined,
        kbps * 1000,
        frameRate ?? undefined,
      );
      added.id = id;
    }
  }

  #withdrawRenditions(): void {
    for (const track of [...this.videoTracks]) this.removeVideoTrack(track);
  }

  #end(): void {
    this.#withdrawRenditions();
    void this.#player?.destroy();
    this.#player = null;
  }
}

if (!customElements.get("thalweg-video")) customElements.define("thalweg-video", ThalwegVideo);

declare global {
  interface HTMLElementTagNameMap {
    "thalweg-video": ThalwegVideo;
  }
}
