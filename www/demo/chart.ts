// One uPlot chart of the history: lines, steps or points, with stalls as bands behind them and switches as marks, and a legend of buttons
// that says the value under the pointer (else the latest) and hides a line. Colours come from the style sheet.

import uPlot from "uplot";
import { make, setText } from "./dom.ts";
import type { Column, History } from "./history.ts";
import { clock, UNKNOWN } from "./words.ts";

export interface Line {
  column: Column;
  name: string;
  /** The CSS variable of its colour, e.g. `--series-buffer`. */
  colour: string;
  draw: "line" | "steps" | "points" | "area";
}

export interface ChartOptions {
  title: string;
  lines: Line[];
  /** A value in words, for the legend. */
  words(value: number | null): string;
  /** A value on the axis. */
  tick(value: number): string;
  /** The top of the axis is at least this, in the values' unit. */
  least: number;
  /** And at most this, where a bound is known. */
  most?(): number | null;
  /** Pixels that it takes at least; it fills the room that there is. */
  height: number;
}

/** Seconds that the x axis shows at least. */
const SHORTEST = 60;
/** Steps of the x axis that read well as minutes and seconds. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300];

const css = (variable: string) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();

export class Chart {
  #plot: uPlot;
  #values: { line: Line; text: HTMLElement }[] = [];
  #hovered: number | null = null;
  /** What the x axis shows: seconds up to now. */
  #window = 60;
  #now = 0;

  constructor(
    place: HTMLElement,
    private readonly history: History,
    private readonly options: ChartOptions,
  ) {
    const canvas = make("div", { class: "chart-canvas", role: "img", "aria-label": `${options.title} over time` });
    const legend = make("div", { class: "legend", role: "group", "aria-label": `Lines of ${options.title}` });
    place.append(make("div", { class: "chart-head" }, make("h3", {}, options.title), legend), canvas);
    this.#plot = new uPlot(this.#plotOptions(), this.#data(), canvas);
    options.lines.forEach((line, index) => this.#addLegend(legend, line, index + 1));
    canvas.style.minHeight = `${options.height}px`;
    new ResizeObserver(() => this.#fit(canvas)).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw(true, true));
  }

  /** Draws the history up to `now`. */
  update(now: number, window: number): void {
    this.#now = now;
    this.#window = window;
    this.#plot.setData(this.#data());
    this.#showValues();
  }

  #data(): uPlot.AlignedData {
    return [this.history.times, ...this.options.lines.map((line) => this.history.columns[line.column])];
  }

  #fit(canvas: HTMLElement): void {
    const width = Math.floor(canvas.clientWidth);
    const height = Math.floor(canvas.clientHeight);
    if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height)) this.#plot.setSize({ width, height });
  }

  #plotOptions(): uPlot.Options {
    const { lines, tick, height } = this.options;
    const axis: uPlot.Axis = {
      stroke: () => css("--muted"),
      grid: { stroke: () => css("--grid"), width: 1 },
      ticks: { show: false },
      font: `11px ${css("--font")}`,
      gap: 4,
    };
    return {
      width: 300,
      height,
      padding: [14, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: "view" } },
      scales: {
        x: { time: false, range: () => [Math.max(0, this.#now - this.#window), Math.max(this.#now, Math.min(this.#window, SHORTEST))] },
        y: { range: (_plot, _min, max) => [0, this.#top(max)] },
      },
      series: [{}, ...lines.map((line) => this.#series(line))],
      axes: [
        { ...axis, size: 24, gap: 6, space: 70, incrs: TIME_STEPS, values: (_plot, splits) => splits.map(clock) },
        { ...axis, size: 46, space: 28, values: (_plot, splits) => splits.map(tick) },
      ],
      hooks: {
        drawClear: [() => this.#drawStalls()],
        draw: [() => this.#drawSwitches()],
        setCursor: [
          (plot) => {
            this.#hovered = plot.cursor.idx ?? null;
            this.#showValues();
          },
        ],
      },
    };
  }

  #series(line: Line): uPlot.Series {
    const colour = () => css(line.colour);
    const series: uPlot.Series = { label: line.name, stroke: colour, width: 1.5, spanGaps: true, points: { show: false } };
    const steps = uPlot.paths.stepped?.({ align: 1 });
    if (line.draw === "steps" && steps) series.paths = steps;
    if (line.draw === "area") series.fill = () => css(`${line.colour}-fill`);
    if (line.draw === "points") {
      series.paths = () => null;
      series.points = { show: true, size: 4, width: 0, fill: colour };
    }
    return series;
  }

  /** A tenth of room above the highest value, within the options' bounds. */
  #top(max: number | null): number {
    const highest = max !== null && Number.isFinite(max) ? max * 1.1 : 0;
    return Math.max(this.options.least, Math.min(highest, this.options.most?.() ?? highest));
  }

  #drawStalls(): void {
    const { ctx, bbox } = this.#plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = css("--series-stall");
    for (const stall of this.history.stalls) {
      const left = this.#plot.valToPos(stall.from, "x", true);
      const right = this.#plot.valToPos(stall.to ?? this.#now, "x", true);
      // Short stalls must be seen too.
      ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * devicePixelRatio), bbox.height);
    }
    ctx.restore();
  }

  #drawSwitches(): void {
    const { ctx, bbox } = this.#plot;
    ctx.save();
    ctx.strokeStyle = css("--series-switch");
    ctx.fillStyle = css("--muted");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = `${10 * devicePixelRatio}px ${css("--font")}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    let free = Number.NEGATIVE_INFINITY;
    for (const { at, label } of this.history.switches) {
      const x = this.#plot.valToPos(at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const half = ctx.measureText(label).width / 2;
      if (x - half < free) continue;
      ctx.fillText(label, x, bbox.top - devicePixelRatio);
      free = x + half + 4 * devicePixelRatio;
    }
    ctx.restore();
  }

  #addLegend(legend: HTMLElement, line: Line, index: number): void {
    const text = make("span", { class: "legend-value" }, UNKNOWN);
    const swatch = make("span", { class: `swatch ${line.draw}`, style: `--colour: var(${line.colour})` });
    const toggle = make("button", { type: "button", class: "quiet", "aria-pressed": "true" }, swatch, line.name, text);
    toggle.addEventListener("click", () => {
      const shown = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(shown));
      this.#plot.setSeries(index, { show: shown });
    });
    legend.append(toggle);
    this.#values.push({ line, text });
  }

  #showValues(): void {
    const row = this.#hovered ?? this.history.times.length - 1;
    const most = this.options.most?.() ?? Number.POSITIVE_INFINITY;
    for (const { line, text } of this.#values) {
      const value = this.history.valueAt(line.column, row);
      setText(text, `${this.options.words(value)}${value !== null && value > most ? " ↑" : ""}`);
    }
  }
}
