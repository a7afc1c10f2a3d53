// The figures of the moment, from `stats` (about once a second).

import type { Stats } from "../player/types.ts";
import { byId, make, setText } from "./dom.ts";
import type { Session } from "./session.ts";
import { renditionName } from "./toolbar.ts";
import { bytes, clock, rate, seconds, UNKNOWN } from "./words.ts";

interface Card {
  name: string;
  value(stats: Stats): string;
  /** The smaller line below; `named` says what a rendition's id stands for. */
  note?(stats: Stats, named: (id: string | null) => string): string;
  /** Draws the eye when the viewer suffers. */
  bad?(stats: Stats): boolean;
}

const CARDS: Card[] = [
  { name: "State", value: (s) => s.state, note: (s) => s.format?.toUpperCase() ?? "", bad: (s) => s.state === "rebuffering" || s.state === "fatal" },
  {
    name: "Bit rate shown",
    value: (s) => rate(s.bitrateKbps),
    note: (s, named) => (s.shown === null ? "" : s.fetched === s.shown ? "as fetched" : `fetching ${named(s.fetched)}`),
  },
  { name: "Resolution", value: (s) => (s.width === null || s.height === null ? UNKNOWN : `${s.width}×${s.height}`), note: (s, named) => named(s.shown) },
  {
    name: "Buffer health",
    value: (s) => seconds(s.bufferSeconds),
    note: (s) => `of ${seconds(s.bufferTargetSeconds, 0)}`,
    bad: (s) => s.state === "playing" && s.bufferSeconds < 2 && (s.duration === null || s.duration - s.position > 3),
  },
  { name: "Throughput", value: (s) => rate(s.throughputKbps), note: () => "measured" },
  { name: "Mean bit rate", value: (s) => rate(s.meanKbps), note: (s) => `over ${clock(s.playedSeconds)}` },
  { name: "Start-up", value: (s) => (s.startupSeconds === null ? UNKNOWN : `${Math.round(s.startupSeconds * 1000)} ms`), note: () => "play to first frame" },
  { name: "Stalls", value: (s) => String(s.stalls), note: (s) => `${seconds(s.stallSeconds)} in all`, bad: (s) => s.stalls > 0 },
  { name: "Switches", value: (s) => String(s.switches), note: (s) => `${s.seeks} ${s.seeks === 1 ? "seek" : "seeks"}` },
  {
    name: "Dropped frames",
    value: (s) => String(s.droppedFrames),
    note: (s) => (s.totalFrames === 0 ? UNKNOWN : `${((100 * s.droppedFrames) / s.totalFrames).toFixed(1)} % of ${s.totalFrames}`),
    bad: (s) => s.totalFrames > 100 && s.droppedFrames > 0.1 * s.totalFrames,
  },
  { name: "Latency", value: (s) => seconds(s.latencySeconds), note: (s) => (s.latencySeconds === null ? "not live" : "behind live") },
  { name: "Position", value: (s) => clock(s.position), note: (s) => `of ${clock(s.duration)}` },
  { name: "Received", value: (s) => bytes(s.bytes), note: (s) => `${s.errors} ${s.errors === 1 ? "error" : "errors"}` },
  { name: "MSE", value: (s) => s.mse, note: (s) => (s.mse === "worker" ? "off the main thread" : "main thread") },
];

export function showCards(session: Session): void {
  const rows = CARDS.map((card) => {
    const value = make("span", { class: "value" }, UNKNOWN);
    const note = make("span", { class: "note" });
    const box = make("div", { class: "card", "data-card": card.name }, make("dt", {}, card.name), make("dd", {}, value, note));
    return { card, box, value, note };
  });
  byId("cards", HTMLElement).append(...rows.map((row) => row.box));

  session.on("load", () => {
    for (const { box, value, note } of rows) {
      setText(value, UNKNOWN);
      setText(note, "");
      box.classList.remove("bad");
    }
  });
  const named = (id: string | null) => {
    const rendition = session.player?.tracks.flatMap((track) => track.renditions).find((rendition) => rendition.id === id);
    return rendition ? renditionName(rendition) : UNKNOWN;
  };
  const show = (stats: Stats) => {
    for (const { card, box, value, note } of rows) {
      setText(value, card.value(stats));
      setText(note, card.note?.(stats, named) ?? "");
      box.classList.toggle("bad", card.bad?.(stats) ?? false);
    }
  };
  session.on("stats", show);
  // The player's own figures follow within a second.
  session.on("error", (error) => {
    if (error.severity === "fatal" && session.player) show({ ...session.player.stats(), state: "fatal" });
  });
}
