// Shaping of the local origin's network: presets, numbers, a trace; and what is in force. Only shown when the origin is known.

import { button, byId, setText } from "./dom.ts";
import { origin } from "./page.ts";
import { rate } from "./words.ts";

/** The origin's GET .thalweg/net. */
interface Net {
  shaped: boolean;
  kbps: number | null;
  latency_ms: number | null;
  trace: string | null;
}

const RATES: { text: string; kbps: number | null }[] = [
  { text: "unlimited", kbps: null },
  ...[20, 6, 3, 1.5, 1, 0.6].map((mbps) => ({ text: `${mbps} Mb/s`, kbps: mbps * 1000 })),
];
const LATENCIES: { text: string; ms: number | null }[] = [
  { text: "no latency", ms: null },
  ...[20, 80, 300].map((ms) => ({ text: `${ms} ms`, ms })),
];
const POLL_MS = 2000;

export function showNetwork(): void {
  if (!origin) return;
  const address = new URL(".thalweg/net", origin);
  const panel = byId("network", HTMLElement);
  const status = byId("network-status", HTMLElement);
  const kbps = byId("network-kbps", HTMLInputElement);
  const latency = byId("network-latency", HTMLInputElement);
  let current: Net | null = null;
  panel.hidden = false;

  const rateButtons = RATES.map((preset) => ({
    preset,
    element: button(preset.text, () => void put(JSON.stringify({ kbps: preset.kbps, latency_ms: current?.latency_ms ?? null }), "application/json")),
  }));
  const latencyButtons = LATENCIES.map((preset) => ({
    preset,
    element: button(preset.text, () => void put(JSON.stringify({ kbps: current?.kbps ?? null, latency_ms: preset.ms }), "application/json")),
  }));
  byId("network-rates", HTMLElement).append(...rateButtons.map((b) => b.element));
  byId("network-latencies", HTMLElement).append(...latencyButtons.map((b) => b.element));

  const show = (net: Net) => {
    current = net;
    const parts = [rate(net.kbps), net.latency_ms ? `${net.latency_ms} ms` : null].filter((part) => part !== null);
    setText(status, net.trace !== null ? `trace: now ${parts.join(", ")}` : net.shaped ? parts.join(", ").replace("—", "unlimited") : "unlimited");
    status.classList.remove("degraded");
    for (const { preset, element } of rateButtons) element.setAttribute("aria-pressed", String(net.trace === null && preset.kbps === net.kbps));
    for (const { preset, element } of latencyButtons) {
      element.setAttribute("aria-pressed", String(net.trace === null && (preset.ms ?? 0) === (net.latency_ms ?? 0)));
    }
  };
  const fail = (error: unknown) => {
    setText(status, `the origin does not answer: ${error instanceof Error ? error.message : String(error)}`);
    status.classList.add("degraded");
  };

  async function get(): Promise<void> {
    try {
      const response = await fetch(address, { cache: "no-store" });
      if (!response.ok) throw new Error(`status ${response.status}`);
      show(parseNet(await response.json()));
    } catch (error) {
      fail(error);
    }
  }

  async function put(body: BodyInit, type: string): Promise<void> {
    try {
      const response = await fetch(address, { method: "PUT", body, headers: { "content-type": type } });
      if (!response.ok) throw new Error((await response.text()).slice(0, 200) || `status ${response.status}`);
      await get();
    } catch (error) {
      fail(error);
    }
  }

  byId("network-custom", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const number = (input: HTMLInputElement) => (input.value === "" ? null : input.valueAsNumber);
    void put(JSON.stringify({ kbps: number(kbps), latency_ms: number(latency) }), "application/json");
  });

  const drop = byId("network-drop", HTMLElement);
  const file = byId("network-trace", HTMLInputElement);
  const send = (trace: File | null | undefined) => {
    if (trace) void put(trace, "text/csv");
  };
  file.addEventListener("change", () => {
    send(file.files?.item(0));
    // So that choosing the same file again sends it again.
    file.value = "";
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(event.dataTransfer?.files.item(0));
  });

  void get();
  setInterval(() => {
    if (!document.hidden) void get();
  }, POLL_MS);
}

function parseNet(json: unknown): Net {
  if (typeof json !== "object" || json === null) throw new Error("not what .thalweg/net says");
  const fields = json as Record<string, unknown>;
  const number = (value: unknown) => (typeof value === "number" ? value : null);
  return {
    shaped: fields.shaped === true,
    kbps: number(fields.kbps),
    latency_ms: number(fields.latency_ms),
    trace: typeof fields.trace === "string" ? fields.trace : null,
  };
}
