// The form at the top and the origin's sample streams.

import { button, byId, make } from "./dom.ts";
import { origin, type Source, sourceOfLink, webUrl, writeLink } from "./page.ts";
import type { Session } from "./session.ts";

/** One entry of the origin's ladder.json. */
interface Sample {
  title: string;
  url: URL;
}

export class SourceForm {
  #form = byId("source", HTMLFormElement);
  #url = byId("url", HTMLInputElement);
  #format = byId("format", HTMLSelectElement);
  #mse = byId("mse", HTMLSelectElement);
  #buttons: { element: HTMLButtonElement; url: string }[] = [];
  /** Of the sample streams: they show the same pictures. */
  #thumbnails: string | null = null;

  /** A link's ?src= only fills the form, as its load is under way. */
  constructor(private readonly session: Session) {
    const linked = sourceOfLink();
    this.#url.value = linked.url;
    this.#format.value = linked.format;
    this.#mse.value = linked.mse;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#load();
    });
  }

  #load(): void {
    const format = this.#format.value;
    const source: Source = {
      url: this.#url.value.trim(),
      format: format === "hls" || format === "dash" ? format : "",
      mse: this.#mse.value === "page" ? "page" : "auto",
    };
    writeLink(source);
    this.session.load(source);
    this.#mark();
  }

  /** Asks the origin for its sample streams; without an origin there are none. */
  async showSamples(): Promise<void> {
    if (!origin) return;
    const place = byId("samples", HTMLElement);
    const list = new URL("ladder.json", origin);
    try {
      const response = await fetch(list);
      if (!response.ok) throw new Error(`status ${response.status}`);
      const ladder: unknown = await response.json();
      const samples = parseSamples(ladder, list);
      for (const sample of samples) {
        const element = button(sample.title, () => this.#pick(sample), { title: sample.url.href });
        this.#buttons.push({ element, url: sample.url.href });
        place.append(element);
        byId("samples-list", HTMLDataListElement).append(make("option", { value: sample.url.href }, sample.title));
      }
      this.#mark();
      this.#thumbnails = await thumbnails(ladder, list);
      this.#mark();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      place.append(make("span", { class: "muted" }, `No sample streams from ${list.href}: ${why}`));
    }
  }

  #pick(sample: Sample): void {
    this.#url.value = sample.url.href;
    this.#format.value = "";
    this.#load();
  }

  /** Shows which sample is loaded, and its thumbnails. */
  #mark(): void {
    const loaded = webUrl(this.#url.value)?.href;
    for (const { element, url } of this.#buttons) element.setAttribute("aria-pressed", String(url === loaded));
    this.session.showThumbnails(this.#buttons.some(({ url }) => url === loaded) ? this.#thumbnails : null);
  }
}

function parseSamples(json: unknown, base: URL): Sample[] {
  const { streams } = Object(json) as { streams?: unknown };
  if (!Array.isArray(streams)) throw new Error("ladder.json lists no streams");
  const samples: Sample[] = [];
  for (const entry of streams as unknown[]) {
    if (typeof entry !== "object" || entry === null || !("url" in entry)) continue;
    const url = webUrl(String(entry.url), base);
    const title = "title" in entry && typeof entry.title === "string" ? entry.title : String(entry.url);
    if (url) samples.push({ title, url });
  }
  return samples;
}

/** A WebVTT file of the ladder's thumbnails, each with its part of the picture, which media-chrome insists on. */
async function thumbnails(json: unknown, base: URL): Promise<string | null> {
  const { url, width, height } = Object((Object(json) as { thumbnails?: unknown }).thumbnails) as Record<string, unknown>;
  const file = typeof url === "string" ? webUrl(url, base) : null;
  const response = file && (await fetch(file).catch(() => null));
  if (!response?.ok) return null;
  const picture = (_: string, name: string, part = `#xywh=0,0,${Number(width)},${Number(height)}`) => `${new URL(name, file ?? base)}${part}`;
  const text = (await response.text()).replace(/^([^\s#]+\.jpg)(#\S+)?$/gm, picture);
  return URL.createObjectURL(new Blob([text], { type: "text/vtt" }));
}
