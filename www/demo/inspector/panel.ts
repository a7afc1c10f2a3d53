// The inspector's panel: fetches a manifest, has it read, and shows its text beside what was read. It follows a live one at the pace that
// the manifest asks of a player. A segment that is chosen is fetched and looked into likewise.

import { button, make, setText } from "../dom.ts";
import { bytes as words } from "../words.ts";
import { type Change, changes, keeps, pace } from "./changes.ts";
import { mpd } from "./dash.ts";
import { fetchBytes, textOf } from "./fetched.ts";
import { media, multivariant } from "./hls.ts";
import { judgement } from "./judge.ts";
import { segment } from "./media.ts";
import type { Judgement, Manifest, Wanted } from "./model.ts";
import { Reader } from "./reader.ts";
import { type Note, TextView } from "./text.ts";
import { Tabs } from "./tabs.ts";
import { Tree } from "./tree.ts";
import { count, facts, short } from "./words.ts";

/** Reloads remembered. */
const MOST_RELOADS = 100;

/** A manifest on the way to the one that is shown. */
interface Place {
  url: string;
  /** Peak of the rendition that the manifest above declares, bits a second. */
  declared: number | null;
}

/** What was read last. */
interface Shown {
  text: string;
  url: string;
  manifest: Manifest;
  /** The text that the next reload goes on from: mostly this one. */
  holds: string;
  /** When it last changed, as `performance.now()`. */
  since: number;
}

export class Panel {
  #reader = new Reader();
  /** From the stream's URL to the playlist shown. */
  #path: Place[] = [];
  #shown: Shown | null = null;
  #reading: AbortController | null = null;
  #looking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reloads = 0;

  #crumbs = make("nav", { class: "crumbs", "aria-label": "Playlists" });
  #status = make("output", { class: "status" });
  #follow = make("input", { type: "checkbox", checked: "" });
  #followLabel = make("label", { hidden: "" }, this.#follow, " follow");
  #problem = make("div", { role: "alert" });
  #text = new TextView();
  #body = make("div", { class: "inspector-body", hidden: "" });
  #history = make("ol", { class: "reloads" });
  #tabs = new Tabs(["Model", "Segment", "Reloads", "Judge", "JSON"]);

  constructor(private readonly place: HTMLElement, close: () => void) {
    const actions = make(
      "div",
      { class: "actions" },
      this.#status,
      this.#followLabel,
      button("Reload", () => void this.#load(true), { id: "inspector-reload" }),
      button("Close", close, { "aria-label": "Close the inspector" }),
    );
    this.#follow.addEventListener("change", () => this.#schedule(true));
    const head = make("div", { class: "panel-head" }, make("h2", { id: "inspector-title" }, "Inspector"), this.#crumbs, actions);
    this.#body.append(this.#text.element, this.#tabs.element);
    place.replaceChildren(head, this.#problem, this.#body);
  }

  /** Shows the manifest at a URL. */
  open(url: string): void {
    this.#go([{ url, declared: null }]);
  }

  /** Stops what is under way; nothing is fetched until the next `open`. */
  close(): void {
    this.#reading?.abort();
    this.#looking?.abort();
    clearTimeout(this.#timer);
    this.#reader.stop();
    this.#path = [];
  }

  #go(path: Place[]): void {
    this.#path = path;
    this.#looking?.abort();
    this.#shown = null;
    this.#reloads = 0;
    this.#history.replaceChildren();
    // What was shown is of another manifest, and this one may not come.
    this.#body.hidden = true;
    this.#problem.replaceChildren();
    for (const name of ["Judge", "JSON"] as const) this.#tabs.show(name, () => []);
    this.#tabs.show("Segment", () => [make("p", { class: "muted" }, "Choose a segment of the model to see what is in it.")]);
    this.#tabs.show("Reloads", () => [make("p", { class: "muted" }, "Reload the manifest to see what changes.")]);
    this.#tabs.rename("Reloads", "Reloads");
    this.#tabs.rename("Judge", "Second opinion");
    this.#showCrumbs();
    void this.#load(false);
  }

  #showCrumbs(): void {
    const last = this.#path.length - 1;
    this.#crumbs.replaceChildren(
      ...this.#path.map(({ url }, i) =>
        i === last
          ? make("span", { "aria-current": "page", title: url }, i === 0 ? url : short(url, this.#path[0]?.url ?? ""))
          : button(short(url, url) === url ? url : (url.split(/[?#]/, 1)[0]?.split("/").at(-1) ?? url), () => this.#go(this.#path.slice(0, i + 1)), { class: "open", title: url }),
      ),
    );
  }

  async #load(again: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#reading?.abort();
    const reading = (this.#reading = new AbortController());
    const url = this.#path.at(-1)?.url;
    if (url === undefined) return;
    this.place.setAttribute("aria-busy", "true");
    setText(this.#status, again ? "reloading" : "loading");
    try {
      const fetched = await fetchBytes(url, reading.signal);
      const text = textOf(fetched);
      const previous = again ? this.#shown : null;
      const manifest = await this.#reader.inspect(text, fetched.url, previous?.holds);
      if (reading.signal.aborted) return;
      this.#problem.replaceChildren();
      const list = previous ? changes(previous.manifest, manifest) : [];
      const same = previous?.text === text;
      const since = previous && list.length === 0 ? previous.since : performance.now();
      const holds = previous && keeps(manifest) ? previous.holds : text;
      this.#shown = { text, url: fetched.url, manifest, holds, since };
      if (again) this.#note(list.length > 0 ? list : [unchanged(this.#shown, same)]);
      if (!same) this.#show(this.#shown);
      setText(this.#status, `${words(fetched.data.length)} at ${clock()}`);
      this.#schedule(list.length > 0 || !again);
      if (!same) await this.#judge(this.#shown, reading.signal);
    } catch (error) {
      if (reading.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#problem.replaceChildren(make("div", { class: "notice fatal" }, make("div", { class: "notice-text" }, make("strong", {}, message), facts([["URL", url]]))));
      setText(this.#status, `failed at ${clock()}`);
      // A live stream may come back; its last state stays to be read.
      if (again) this.#note([{ text: message, kind: "warning" }]);
      this.#schedule(false);
    } finally {
      if (this.#reading === reading) this.place.removeAttribute("aria-busy");
    }
  }

  #show({ text, url, manifest }: Shown): void {
    const open = (next: string, declared: number | null = null) => this.#go([...this.#path, { url: next, declared }]);
    const look = (wanted: Wanted) => void this.#look(wanted);
    const declared = this.#path.at(-1)?.declared ?? null;
    const model = () => {
      if ("error" in manifest) return refusal(manifest);
      if (manifest.kind === "multivariant") return multivariant(manifest, url, open);
      return manifest.kind === "media" ? media(manifest, url, open, declared, look) : mpd(manifest, url, look);
    };
    this.#body.hidden = false;
    this.#text.show(text, notes(text, manifest));
    this.#tabs.show("Model", model);
    this.#tabs.show("JSON", () => [copyButton(manifest), new Tree(manifest).element]);
  }

  /** Fetches a segment and what it needs, and shows what is in it. */
  async #look(wanted: Wanted): Promise<void> {
    this.#looking?.abort();
    const { signal } = (this.#looking = new AbortController());
    const say = (...content: (Node | string)[]) => this.#tabs.show("Segment", () => [make("p", { class: "muted" }, ...content)]);
    this.#tabs.choose("Segment");
    say(`Fetching ${wanted.uri}`);
    const begin = performance.now();
    try {
      const init = wanted.init && fetchBytes(wanted.init.uri, signal, wanted.init.byterange);
      const { data, type } = await fetchBytes(wanted.uri, signal, wanted.byterange);
      const seconds = (performance.now() - begin) / 1000;
      const read = await this.#reader.media(data, (await init)?.data);
      if (!signal.aborted) this.#tabs.show("Segment", () => segment(wanted, { read, bytes: data.length, seconds, type }));
    } catch (error) {
      if (signal.aborted) return;
      say(make("strong", { role: "alert" }, error instanceof Error ? error.message : String(error)), ` ${wanted.uri}`);
    }
  }

  /** After the model, which it must not delay; if their parser fails, ours has not. */
  async #judge({ text, url }: Shown, signal: AbortSignal): Promise<void> {
    let judged: Judgement;
    try {
      judged = await this.#reader.judge(text, url);
    } catch (error) {
      if (!signal.aborted) this.#tabs.show("Judge", () => [make("p", {}, error instanceof Error ? error.message : String(error))]);
      return;
    }
    if (signal.aborted) return;
    const found = judged.disagreements.length;
    this.#tabs.rename("Judge", `${judged.judge.split(" ", 1)[0]}${found === 0 ? "" : ` (${found})`}`);
    this.#tabs.show("Judge", () => judgement(judged));
  }

  #note(list: Change[]): void {
    this.#reloads++;
    const lines = make("ul", {}, ...list.map(({ text, kind }) => make("li", { class: kind }, text)));
    this.#history.prepend(make("li", {}, make("time", {}, clock()), lines));
    while (this.#history.childElementCount > MOST_RELOADS) this.#history.lastElementChild?.remove();
    this.#tabs.show("Reloads", () => [this.#history]);
    this.#tabs.rename("Reloads", `Reloads (${this.#reloads})`);
  }

  #schedule(changed: boolean): void {
    clearTimeout(this.#timer);
    const seconds = this.#shown && pace(this.#shown.manifest, changed);
    this.#followLabel.hidden = seconds === null;
    if (seconds === null || !this.#follow.checked) return;
    this.#followLabel.title = `The next reload comes ${seconds} s after this one`;
    this.#timer = setTimeout(() => void this.#load(true), seconds * 1000);
  }
}

/** A playlist that stands still for 1.5 target durations is late (RFC 8216bis 6.2.1). */
function unchanged({ manifest, since }: Shown, same: boolean): Change {
  const seconds = (performance.now() - since) / 1000;
  const late = "kind" in manifest && manifest.kind === "media" && seconds > 1.5 * (pace(manifest, true) ?? Infinity);
  if (late) return { text: `unchanged for ${seconds.toFixed(1)} s`, kind: "warning" };
  return { text: same ? "unchanged" : "other text, the same content", kind: "same" };
}

function clock(): string {
  return new Date().toLocaleTimeString(undefined, { hour12: false });
}

function refusal({ error }: Extract<Manifest, { error: unknown }>): HTMLElement[] {
  const { position, what } = error.context;
  const detail = facts([["code", error.code], ["category", error.category], ["position", position], ["in", what]]);
  return [make("div", { class: "notice fatal" }, make("div", { class: "notice-text" }, make("strong", {}, error.message), detail))];
}

/** What stands at lines of the text. */
function notes(text: string, manifest: Manifest): Note[] {
  if (!("error" in manifest)) return [...manifest.warnings];
  const { code, message, context } = manifest.error;
  const position = context.position ?? 0;
  // Of an MPD it is a byte's offset, of a playlist a line.
  const line = /^[\s\uFEFF]*</.test(text) ? lineOfByte(text, position) : position;
  return [{ code, message, line, fatal: true }];
}

function lineOfByte(text: string, offset: number): number {
  const bytes = new TextEncoder().encode(text).subarray(0, offset);
  return bytes.reduce((line, byte) => line + Number(byte === 10), 1);
}

function copyButton(manifest: Manifest): HTMLElement {
  const copy = button("Copy", () => {
    navigator.clipboard.writeText(JSON.stringify(manifest, null, 1)).then(
      () => setText(copy, "Copied"),
      () => setText(copy, "The browser forbids it"),
    );
  });
  return make("p", {}, copy, ` ${"error" in manifest ? "the error" : count(manifest.warnings.length, "warning")}, as thalweg inspect --json prints it`);
}
