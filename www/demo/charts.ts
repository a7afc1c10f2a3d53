// Fills the history from the player's events and draws two charts of it: the buffer, and the rates against each other.

import type { RequestReport, Track } from "../player/types.ts";
import { Chart } from "./chart.ts";
import { byId } from "./dom.ts";
import { History } from "./history.ts";
import type { Session } from "./session.ts";
import { rate, seconds } from "./words.ts";

/** Smaller answers say more about latency than about throughput. */
const SMALLEST_BYTES = 16_000;
/** Throughput further above the highest bit rate than this would flatten everything else. */
const HEADROOM = 3;

export function showCharts(session: Session): void {
  const history = new History();
  let kbpsOf = new Map<string, number>();
  let highest: number | null = null;
  const buffer = new Chart(byId("chart-buffer", HTMLElement), history, {
    title: "Buffer",
    height: 112,
    least: 10,
    lines: [{ column: "buffer", name: "ahead", colour: "--series-buffer", draw: "area" }],
    words: (value) => seconds(value),
    tick: (value) => `${value} s`,
  });
  const rates = new Chart(byId("chart-rates", HTMLElement), history, {
    title: "Rates",
    height: 150,
    least: 1000,
    lines: [
      { column: "throughput", name: "throughput", colour: "--series-throughput", draw: "line" },
      { column: "request", name: "request", colour: "--series-request", draw: "points" },
      { column: "fetched", name: "fetched", colour: "--series-fetched", draw: "steps" },
      { column: "shown", name: "shown", colour: "--series-shown", draw: "steps" },
    ],
    words: rate,
    tick: (value) => `${value / 1000} Mb`,
    most: () => (highest === null ? null : highest * HEADROOM),
  });

  const windowSelect = byId("window", HTMLSelectElement);
  const draw = () => {
    if (document.hidden) return;
    const now = session.elapsed;
    buffer.update(now, Number(windowSelect.value));
    rates.update(now, Number(windowSelect.value));
  };
  windowSelect.addEventListener("change", draw);
  document.addEventListener("visibilitychange", draw);

  session.on("load", () => {
    history.clear();
    kbpsOf = new Map();
    highest = null;
    draw();
  });
  session.on("tracks", (tracks) => {
    kbpsOf = rateOfRenditions(tracks);
    highest = kbpsOf.size > 0 ? Math.max(...kbpsOf.values()) : null;
  });
  session.on("request", (request) => {
    const kbps = throughputOf(request);
    // The player tells of a request at its end.
    if (kbps !== null) history.add(request.at + request.firstByteSeconds + request.bodySeconds, { request: kbps });
  });
  session.on("stall", ({ at, seconds: length }) => history.stall(at, length));
  session.on("rendition", ({ at, height, rendition }) => {
    history.switches.push({ at, label: height === null ? rendition : `${height}p` });
  });
  session.on("stats", (stats) => {
    // Both by the same measure, the declared rate of the video rendition, so that they can be compared.
    const declared = (id: string | null) => (id === null ? null : (kbpsOf.get(id) ?? null));
    history.add(session.elapsed, {
      buffer: stats.bufferSeconds,
      throughput: stats.throughputKbps,
      fetched: declared(stats.fetched),
      shown: declared(stats.shown) ?? stats.bitrateKbps,
    });
    draw();
  });
  draw();
}

function rateOfRenditions(tracks: Track[]): Map<string, number> {
  return new Map(tracks.filter((track) => track.kind === "video").flatMap((track) => track.renditions.map(({ id, kbps }) => [id, kbps] as const)));
}

function throughputOf(request: RequestReport): number | null {
  if (request.aborted || request.bytes < SMALLEST_BYTES || request.bodySeconds <= 0) return null;
  return (request.bytes * 8) / 1000 / request.bodySeconds;
}
